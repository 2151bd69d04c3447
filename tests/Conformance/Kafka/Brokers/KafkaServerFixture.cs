namespace DashStream.Conformance.Kafka;

/// <summary>The server that the tests of one run share.</summary>
internal static class KafkaServerFixture
{
    private static readonly ServerHold<KafkaServer> Shared = new(() => KafkaServer.FindAsync());

    /// <summary>What was used, or null when no test asked for a server.</summary>
    public static string? Used => Shared.Used?.Origin;

    /// <summary>Keeps the server from being ended until the result is disposed. Starts nothing.</summary>
    public static Task<IAsyncDisposable> HoldAsync() => Shared.HoldAsync();

    /// <summary>The server; call while holding it. A start that failed fails every caller the same, at once.</summary>
    public static Task<KafkaServer> ServerAsync() => Shared.ServerAsync();
}
