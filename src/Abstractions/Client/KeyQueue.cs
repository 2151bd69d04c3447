namespace DashStream.Client;

/// <summary>What waits under one key, in the order of the log. Guarded by the dispatcher's gate.</summary>
internal sealed class KeyQueue(RecordKey key)
{
    private ReceivedMessage? _first;
    private ReceivedMessage? _last;

    public RecordKey Key { get; } = key;

    public ReceivedMessage? Next => _first;

    /// <summary>Set while the queue waits for a worker, is with one, or stands still: whoever adds to it then need not schedule it.</summary>
    public bool IsScheduled { get; set; }

    public void Add(ReceivedMessage message)
    {
        if (_first is null)
        {
            _first = message;
        }
        else
        {
            _last!.Next = message;
        }

        _last = message;
    }

    /// <summary>Puts a message that was taken back to where it belongs. What comes back is old, so the search is short.</summary>
    public void PutBack(ReceivedMessage message)
    {
        ReceivedMessage? before = null;
        var after = _first;
        while (after is not null && after.ComesBefore(message))
        {
            before = after;
            after = after.Next;
        }

        message.Next = after;
        _last = after is null ? message : _last;
        if (before is null)
        {
            _first = message;
        }
        else
        {
            before.Next = message;
        }
    }

    public bool TryTake(out ReceivedMessage message)
    {
        message = _first!;
        if (_first is null)
        {
            return false;
        }

        _first = _first.Next;
        message.Next = null;
        return true;
    }
}
