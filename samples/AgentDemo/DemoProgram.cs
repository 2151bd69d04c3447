using DashStream;
using Microsoft.Extensions.DependencyInjection;

namespace AgentDemo;

/// <summary>The program, for whatever stores it is built with.</summary>
internal static class DemoProgram
{
    /// <param name="args">The command line.</param>
    /// <param name="otherStore">Chooses a store that this project does not know by its URI; false when it does not know it either.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, Func<DashStreamBuilder, string, bool>? otherStore = null)
    {
        if (DemoOptions.Parse(args) is not { } options)
        {
            Console.Error.WriteLine(DemoOptions.Usage);
            return 64;
        }

        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };

        // Without --to the recording lives in a folder of its own, as long as the demo runs.
        var folder = options.Store is null ? Directory.CreateTempSubdirectory("dashstream-demo-").FullName : null;
        try
        {
            await using var services = new ServiceCollection()
                .AddAgentDemo(options.Store ?? $"sqlite:{Path.Combine(folder!, "demo.db")}", otherStore)
                .BuildServiceProvider();
            if (options.Checkpoints is not null)
            {
                await new ResumableDemo(services, Console.Out).RunAsync(options, stop.Token);
                return 0;
            }

            return await new Demo(services, Console.Out).RunAsync(options, stop.Token) ? 0 : 1;
        }
        catch (Exception e) when (e is StreamException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"error: {e.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Console.Error.WriteLine("interrupted");
            return 130;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("error: the group did not read everything in time");
            return 1;
        }
        finally
        {
            if (folder is not null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }
}
