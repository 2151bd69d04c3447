using System.Diagnostics;
using System.Globalization;

namespace DashStream.Tests.Faults;

/// <summary>
/// Many seeds of faults, in a process of their own: on Memory under virtual time on one thread, so that a failing seed repeats to the last step; on File and
/// Sqlite in real time. To see one again: <c>DashStream.Faults memory: SEED 1</c>.
/// </summary>
[TestClass]
public sealed class FaultSeedTests
{
    private const int MemorySeeds = 10_000;
    private const int StoreSeeds = 200;

    private readonly string _folder = Directory.CreateTempSubdirectory("dashstream-faults-").FullName;

    [TestCleanup]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public async Task No_seed_breaks_a_promise_on_Memory() => AssertAllHeld(MemorySeeds, await RunAsync("memory:", 0, MemorySeeds));

    [TestMethod]
    public async Task No_seed_breaks_a_promise_on_File() =>
        AssertAllHeld(StoreSeeds, await RunAsync($"file:{_folder}", 0, StoreSeeds));

    [TestMethod]
    public async Task No_seed_breaks_a_promise_on_Sqlite() =>
        AssertAllHeld(StoreSeeds, await RunAsync($"sqlite:{Path.Combine(_folder, "faults.db")}", 0, StoreSeeds));

    [TestMethod]
    public async Task A_seed_repeats_to_the_last_step()
    {
        var once = await RunAsync("memory:", 42, 1);
        var again = await RunAsync("memory:", 42, 1);
        var other = await RunAsync("memory:", 43, 1);

        Assert.IsGreaterThan(20, once.Count, "The story of a seed has its steps.");
        CollectionAssert.AreEqual(once.ToArray(), again.ToArray());
        Assert.AreNotEqual(once[^1], other[^1]);
    }

    private static void AssertAllHeld(int seeds, IReadOnlyList<string> lines)
    {
        Assert.StartsWith($"ran {seeds}, failed 0, faults ", lines[^1], string.Join(Environment.NewLine, lines.Take(20)));
        var faults = long.Parse(lines[^1].Split("faults ")[1].Split(',')[0], CultureInfo.InvariantCulture);
        Assert.IsGreaterThan(10L * seeds, faults, "The plans were to have faults.");
    }

    private static async Task<IReadOnlyList<string>> RunAsync(string uri, int from, int count)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "DashStream.Faults.dll"), uri, $"{from}", $"{count}"])
        {
            RedirectStandardOutput = true,
        };
        if (uri == "memory:")
        {
            start.Environment["DOTNET_PROCESSOR_COUNT"] = "1";
            start.Environment["DOTNET_ThreadPool_ForceMaxWorkerThreads"] = "1";
        }

        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.AreEqual(0, process.ExitCode, output);
            return output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
