namespace DashStream.Conformance;

/// <summary>A session that a case can wait out, for cases about silence.</summary>
internal static class ShortSession
{
    public static TimeSpan Timeout { get; } = TimeSpan.FromSeconds(2);

    public static void Set(StreamConsumerOptions options)
    {
        options.SessionTimeout = Timeout;
        options.HeartbeatInterval = Timeout / 15;
    }
}
