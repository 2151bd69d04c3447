namespace DashStream.Client;

/// <summary>Steps 2 to 5 of a delivery: take in, call the handler, and do with a failure what the rules say. Whoever calls has started the message; its partition
/// is released when nobody works on it any more. Thread-safe.</summary>
internal sealed class DeliveryHandler(
    MessageIntake intake, SequenceGuard sequences, DuplicateFilter? duplicates, FailureRules failures, DeadLetterWriter letters, RetryPolicy retry,
    TimeProvider time, DeliveryStatus status)
{
    private static readonly TimeSpan CatchUpWait = TimeSpan.FromMilliseconds(5);

    /// <summary>Told of an error that ends the run.</summary>
    public required Action<Exception> Fail { get; init; }

    /// <summary>Fires when a stop has run out of time.</summary>
    public required CancellationToken Abandon { get; init; }

    /// <summary>One attempt at a message.</summary>
    public ValueTask<Turn> TurnAsync(ReceivedMessage message, Func<ReceivedMessage, CancellationToken, ValueTask> handler)
    {
        if (duplicates is not null)
        {
            return OnceAsync(message, handler);
        }

        ValueTask handling;
        var stage = DeadLetterStage.Decode;
        try
        {
            intake.Decode(message);
            var passage = sequences.Check(message, out var refusal);
            if (passage != Passage.Go)
            {
                return new(Stopped(message, passage, refusal));
            }

            stage = DeadLetterStage.Handler;
            handling = handler(message, Abandon);
        }
        catch (Exception e)
        {
            return FailedAsync(message, stage, e);
        }

        return handling.IsCompletedSuccessfully ? new(Over(message, handled: true, Turn.Next)) : HandlingAsync(message, handling);
    }

    /// <summary>Everything that comes before the handler. Null: it may be handled.</summary>
    public async ValueTask<Turn?> TakeInAsync(ReceivedMessage message)
    {
        try
        {
            intake.Decode(message);
            var passage = sequences.Check(message, out var refusal);
            if (passage != Passage.Go)
            {
                return Stopped(message, passage, refusal);
            }
        }
        catch (Exception e)
        {
            return await FailedAsync(message, DeadLetterStage.Decode, e).ConfigureAwait(false);
        }

        return duplicates is null ? null : await AskAsync(duplicates, message).ConfigureAwait(false);
    }

    /// <summary>The pull style: takes in what the caller will handle. False: it is not for the caller.</summary>
    public async ValueTask<bool> TryPresentAsync(ReceivedMessage message)
    {
        while (await TakeInAsync(message).ConfigureAwait(false) is { } turn)
        {
            // A dead letter is stored beside: the caller need not wait for it, only the commit does.
            if (!turn.IsAgain)
            {
                return false;
            }

            await turn.Until!.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (turn.IsBehind)
            {
                sequences.PutBack([message]);
                return false;
            }

            if (!message.Partition.TryStart())
            {
                message.Finish(handled: false);
                return false;
            }
        }

        if (duplicates is not null && DuplicateFilter.Concerns(message, out var id))
        {
            message.KeepFirst = done => _ = duplicates.KeepAsync(done, id, release: false, Abandon);
        }

        message.ReleaseWhenFinished();
        return true;
    }

    /// <summary>A message was handled: it is done, once its id is kept where ids are.</summary>
    public Turn Succeeded(ReceivedMessage message) => duplicates is not null && DuplicateFilter.Concerns(message, out var id)
        ? Turn.After(duplicates.KeepAsync(message, id, release: true, Abandon))
        : Over(message, handled: true, Turn.Next);

    /// <summary>True when a copy of this message is to be dropped once this one was handled.</summary>
    public bool DropsCopies(ReceivedMessage message, out UInt128 id)
    {
        id = default;
        return duplicates is not null && DuplicateFilter.Concerns(message, out id);
    }

    /// <summary>The message was not handled and comes again.</summary>
    public static void LetGo(ReceivedMessage message) => Over(message, handled: false, Turn.Next);

    /// <summary>Makes the message what it was before an attempt.</summary>
    public void Refresh(ReceivedMessage message) => intake.Decode(message);

    /// <summary>An attempt failed: what the rules make of that.</summary>
    public async ValueTask<Turn> FailedAsync(ReceivedMessage message, DeadLetterStage stage, Exception error)
    {
        if (Abandon.IsCancellationRequested)
        {
            // The stop ran out of patience, so whatever the handler threw says nothing about the message: not handled, so not done.
            return Over(message, handled: false, Turn.Next);
        }

        try
        {
            var (action, cause) = await failures.DecideAsync(message, stage, error, Abandon).ConfigureAwait(false);
            switch (action)
            {
                case FailureAction.Retry:
                    var pause = PauseAsync(message);
                    message.Attempt++;
                    message.Partition.Release();
                    return Turn.Again(pause);
                case FailureAction.DeadLetter:
                    return Turn.After(letters.StoreAsync(message, stage, cause, message.Attempt, Abandon));
                case FailureAction.Skip:
                    return Over(message, handled: true, Turn.Next);
                default:
                    Fail(cause);
                    return Over(message, handled: false, Turn.End);
            }
        }
        catch (Exception e)
        {
            // Not the handler's: a logger's, say. It must not end a worker unseen.
            Fail(e);
            return Over(message, handled: false, Turn.End);
        }
    }

    /// <summary>The pause after a failed attempt. Ends early when the partition goes or the consumer stops, so that nothing is kept for a retry that will not
    /// be.</summary>
    public async Task PauseAsync(ReceivedMessage message)
    {
        status.WaitBegun();
        await WaitAsync(message, retry.DelayAfter(message.Attempt, Chance.Random)).ConfigureAwait(false);
        status.WaitEnded();
    }

    private async ValueTask<Turn> OnceAsync(ReceivedMessage message, Func<ReceivedMessage, CancellationToken, ValueTask> handler)
    {
        if (await TakeInAsync(message).ConfigureAwait(false) is { } turn)
        {
            return turn;
        }

        try
        {
            await handler(message, Abandon).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return await FailedAsync(message, DeadLetterStage.Handler, e).ConfigureAwait(false);
        }

        return Succeeded(message);
    }

    private async ValueTask<Turn> HandlingAsync(ReceivedMessage message, ValueTask handling)
    {
        try
        {
            await handling.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return await FailedAsync(message, DeadLetterStage.Handler, e).ConfigureAwait(false);
        }

        return Over(message, handled: true, Turn.Next);
    }

    private async ValueTask<Turn?> AskAsync(DuplicateFilter filter, ReceivedMessage message)
    {
        try
        {
            return DuplicateFilter.Concerns(message, out var id) && await filter.IsDuplicateAsync(message, id, Abandon).ConfigureAwait(false)
                ? Over(message, handled: true, Turn.Next)
                : null;
        }
        catch (Exception e)
        {
            message.Partition.Release();
            return Turn.Again(WaitAsync(message, filter.PauseAfter(e)));
        }
    }

    // Its thread stands still, or has not caught up yet.
    private Turn Stopped(ReceivedMessage message, Passage passage, StreamException? refusal)
    {
        switch (passage)
        {
            case Passage.Refused:
                return Turn.After(letters.StoreAsync(message, DeadLetterStage.Handler, refusal!, attempts: 0, Abandon));
            case Passage.Dropped:
                return Over(message, handled: false, Turn.Next);
            default:
                message.Partition.Release();
                return passage == Passage.Again ? Turn.Behind(WaitAsync(message, CatchUpWait)) : Turn.Next;
        }
    }

    private async Task WaitAsync(ReceivedMessage message, TimeSpan delay) =>
        await Task.Delay(delay, time, message.Partition.Closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static Turn Over(ReceivedMessage message, bool handled, Turn turn)
    {
        message.Finish(handled);
        message.Partition.Release();
        return turn;
    }
}
