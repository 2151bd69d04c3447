using DashStream.Telemetry;

namespace DashStream.Client;

/// <summary>Sends that nobody awaits: bounded as the policy says, and counted where they are dropped. Thread-safe.</summary>
#pragma warning disable CA1001 // Posts may end after the producer was disposed; a semaphore whose wait handle nobody asks for holds nothing.
internal sealed class PostedSends(DashStreamProducerOptions options)
#pragma warning restore CA1001
{
    private readonly Undecided _undecided = new();
    private readonly SemaphoreSlim _room = new(options.MaxPosted);
    private readonly LinkedList<PostTicket> _droppable = [];
    private readonly bool _dropsOldest = options.PostPolicy == PostPolicy.DropOldest;
    private readonly TimeSpan _wait = options.PostPolicy == PostPolicy.Wait ? options.MaxPostWait : TimeSpan.Zero;
    private long _dropped;

    /// <summary>Starts a send when there is room or the policy makes some; false when the message is known to be dropped.</summary>
    public bool TryStart(Func<PostTicket?, ValueTask<SendReceipt>> send)
    {
        if (!_room.Wait(_wait) && !TryDropOldest())
        {
            Drop("queue_full");
            return false;
        }

        var ended = _dropsOldest ? ObserveDroppableAsync(send) : ObserveAsync(_undecided.Begin(), send, ticket: null);
        return !ended.IsCompletedSuccessfully || ended.Result;
    }

    /// <summary>Completes when every post until now is decided.</summary>
    public Task WhenEnded() => _undecided.WhenEnded();

    /// <summary>How many were dropped since the last look.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    // The room of the one that is dropped goes to the newcomer.
    private bool TryDropOldest()
    {
        if (TakeOldest() is not { } oldest)
        {
            return false;
        }

        oldest.EndWait();
        return true;
    }

    private PostTicket? TakeOldest()
    {
        lock (_droppable)
        {
            for (var node = _droppable.First; node is not null;)
            {
                var (ticket, place) = (node.Value, node);
                node = node.Next;
                var dropped = ticket.TryDrop();
                if (dropped || ticket.IsOver)
                {
                    _droppable.Remove(place);
                }

                if (dropped)
                {
                    return ticket;
                }
            }
        }

        return null;
    }

    private async Task<bool> ObserveDroppableAsync(Func<PostTicket?, ValueTask<SendReceipt>> send)
    {
        var ticket = new PostTicket();
        var place = new LinkedListNode<PostTicket>(ticket);
        var era = _undecided.Begin();
        lock (_droppable)
        {
            _droppable.AddLast(place);
        }

        try
        {
            return await ObserveAsync(era, send, ticket).ConfigureAwait(false);
        }
        finally
        {
            lock (_droppable)
            {
                if (place.List is not null)
                {
                    _droppable.Remove(place);
                }
            }
        }
    }

    private async Task<bool> ObserveAsync(Undecided.Era era, Func<PostTicket?, ValueTask<SendReceipt>> send, PostTicket? ticket)
    {
        try
        {
            await send(ticket).ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            // Nobody awaits it: what is not told here is not told at all.
            Drop(ticket is { IsDropped: true } ? "oldest" : e is StreamException { Kind: var kind } ? kind.ToString() : "refused");
            return false;
        }
        finally
        {
            if (ticket?.TryEnd() != false)
            {
                _room.Release();
            }

            _undecided.End(era);
        }
    }

    private void Drop(string reason)
    {
        Interlocked.Increment(ref _dropped);
        PipelineMeter.PostsDropped.Add(1, new KeyValuePair<string, object?>("reason", reason));
    }
}
