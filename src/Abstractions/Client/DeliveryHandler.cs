namespace DashStream.Client;

/// <summary>Steps 2 to 5 of a delivery: take in, call the handler, and do with a failure what the rules say. Thread-safe.</summary>
internal sealed class DeliveryHandler(
    MessageIntake intake, FailureRules failures, DeadLetterWriter letters, RetryPolicy retry, TimeProvider time, DeliveryStatus status)
{
    /// <summary>Told of an error that ends the run.</summary>
    public required Action<Exception> Fail { get; init; }

    /// <summary>Fires when a stop has run out of time.</summary>
    public required CancellationToken Abandon { get; init; }

    /// <summary>One attempt at a message that was started; releases its partition when nobody works on it any more.</summary>
    public ValueTask<Turn> TurnAsync(ReceivedMessage message, Func<ReceivedMessage, CancellationToken, ValueTask> handler)
    {
        ValueTask handling;
        var stage = DeadLetterStage.Decode;
        try
        {
            intake.Decode(message);
            stage = DeadLetterStage.Handler;
            handling = handler(message, Abandon);
        }
        catch (Exception e)
        {
            return FailedAsync(message, stage, e);
        }

        return handling.IsCompletedSuccessfully ? new(Done(message)) : HandlingAsync(message, handling);
    }

    /// <summary>The pull style: decodes what the caller will handle. False: it is not for the caller.</summary>
    public async ValueTask<bool> TryPresentAsync(ReceivedMessage message)
    {
        while (true)
        {
            try
            {
                intake.Decode(message);
                message.ReleaseWhenFinished();
                return true;
            }
            catch (Exception e)
            {
                // A dead letter is stored beside: the caller need not wait for it, only the commit does.
                var turn = await FailedAsync(message, DeadLetterStage.Decode, e).ConfigureAwait(false);
                if (!turn.IsAgain)
                {
                    return false;
                }

                await turn.Until!.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!message.Partition.TryStart())
                {
                    message.Finish(handled: false);
                    return false;
                }
            }
        }
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

        return Done(message);
    }

    private static Turn Done(ReceivedMessage message)
    {
        message.Finish(handled: true);
        message.Partition.Release();
        return Turn.Next;
    }

    private async ValueTask<Turn> FailedAsync(ReceivedMessage message, DeadLetterStage stage, Exception error)
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
                    return Turn.After(letters.StoreAsync(message, stage, cause, Abandon));
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

    // Ends early when the partition goes or the consumer stops, so that nothing is kept for a retry that will not be.
    private async Task PauseAsync(ReceivedMessage message)
    {
        status.WaitBegun();
        var delay = retry.DelayAfter(message.Attempt, Chance.Random);
        await Task.Delay(delay, time, message.Partition.Closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        status.WaitEnded();
    }

    private static Turn Over(ReceivedMessage message, bool handled, Turn turn)
    {
        message.Finish(handled);
        message.Partition.Release();
        return turn;
    }
}
