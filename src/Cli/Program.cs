namespace DashStream.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        using var terminal = Terminal.OfProcess();
        await using var stores = new ProviderFactory();
        return await Tool.RunAsync(args, terminal, stores);
    }
}
