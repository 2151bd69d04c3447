namespace DashStream.Providers;

/// <summary>Bounds the bytes that are on their way, and tells who waits when some have gone. Guarded by the ledger.</summary>
internal sealed class SendRoom(long limit)
{
    private TaskCompletionSource? _waiter;

    public long Bytes { get; private set; }

    /// <summary>One record alone has room, however large.</summary>
    public bool HasFor(int size) => Bytes == 0 || Bytes + size <= limit;

    public void Take(int size) => Bytes += size;

    /// <summary>Gives back the room of a record that did not go on its way; nobody is told, since nothing has gone.</summary>
    public void Return(int size) => Bytes -= size;

    /// <summary>A record has gone.</summary>
    public void Free(int size)
    {
        Bytes -= size;
        Tell();
    }

    /// <summary>Has those who wait look again.</summary>
    public void Tell()
    {
        _waiter?.TrySetResult();
        _waiter = null;
    }

    /// <summary>Completes when there may be room again.</summary>
    public Task WaitAsync() => (_waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
}
