namespace DashStream.Conformance.Redis;

/// <summary>The server that the tests of one run share.</summary>
internal static class RedisServerFixture
{
    private static readonly ServerHold<RedisServer> Shared = new(() => RedisServer.FindAsync());

    /// <summary>What was used, or null when no test asked for a server.</summary>
    public static string? Used => Shared.Used?.Origin;

    /// <summary>Keeps the server from being ended until the result is disposed. Starts nothing.</summary>
    public static Task<IAsyncDisposable> HoldAsync() => Shared.HoldAsync();

    /// <summary>The server; call while holding it. Without one the test is skipped; a start that failed fails every caller the same, at once.</summary>
    public static Task<RedisServer> ServerAsync() => Shared.ServerAsync();
}
