namespace DashStream.Tests.Sqlite;

/// <summary>Waits for what another thread or process does.</summary>
internal static class Until
{
    public static async Task TrueAsync(Func<bool> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.IsLessThan(20, TimeProvider.System.GetElapsedTime(started).TotalSeconds, "The condition did not come true.");
            await Task.Delay(5);
        }
    }
}
