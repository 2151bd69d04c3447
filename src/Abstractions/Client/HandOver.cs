namespace DashStream.Client;

/// <summary>A message in the provider's hands: its number, its size, and the outcome to come.</summary>
internal readonly struct HandOver
{
    private HandOver(ValueTask<StreamPosition> stored, ulong sequence, int bytes, bool throttled, SentMessage? sent = null)
    {
        Sent = sent;
        Stored = stored;
        Sequence = sequence;
        Bytes = bytes;
        IsThrottled = throttled;
    }

    /// <summary>The provider has no room: nothing was taken, the number was given back.</summary>
    public static HandOver Throttled { get; } = new(default, 0, 0, throttled: true);

    public ValueTask<StreamPosition> Stored { get; }

    /// <summary>In place of <see cref="Stored"/>, where the provider tells outcomes directly.</summary>
    public SentMessage? Sent { get; }

    public ulong Sequence { get; }

    public int Bytes { get; }

    public bool IsThrottled { get; }

    public static HandOver Accepted(ValueTask<StreamPosition> stored, ulong sequence, int bytes) => new(stored, sequence, bytes, throttled: false);

    public static HandOver Accepted(SentMessage sent, ulong sequence, int bytes) => new(default, sequence, bytes, throttled: false, sent);
}
