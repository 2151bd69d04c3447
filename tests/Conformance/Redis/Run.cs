namespace DashStream.Conformance.Redis;

/// <summary>Around everything in this assembly: holds the shared server, and says at the end what was used.</summary>
[TestClass]
public static class Run
{
    private static IAsyncDisposable? _hold;

    [AssemblyInitialize]
    public static async Task BeginAsync(TestContext context) => _hold = await RedisServerFixture.HoldAsync();

    [AssemblyCleanup]
    public static async Task EndAsync(TestContext context)
    {
        if (RedisServerFixture.Used is { } used)
        {
            // The console shows warnings at its usual verbosity, and no information.
            context.DisplayMessage(MessageLevel.Warning, $"Redis: {used}");
        }

        await _hold!.DisposeAsync();
    }
}
