namespace DashStream.Conformance;

/// <summary>What an application does when opening fails for now.</summary>
internal static class Retry
{
    public static async Task<T> WhileTransientAsync<T>(Func<ValueTask<T>> open, TimeProvider time)
    {
        while (true)
        {
            try
            {
                return await open();
            }
            catch (StreamException e) when (e.IsTransient)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), time);
            }
        }
    }
}
