using System.Text;
using DashStream.Providers;

namespace DashStream.Tests.Crash;

[TestClass]
public sealed class GroupCrashTests
{
    private const int Records = 1000;
    private const string Topic = "events";
    private const string Group = "readers";

    [TestMethod]
    [DataRow("file")]
    [DataRow("sqlite")]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Two_processes_share_a_group_and_one_takes_over_when_the_other_is_killed(string scheme)
    {
        var folder = Directory.CreateTempSubdirectory("dashstream-crash-").FullName;
        var uri = $"{scheme}:{Path.Combine(folder, "store")}";
        await using (IStreamProvider provider = scheme == "file"
            ? new FileProvider(Path.Combine(folder, "store"))
            : new SqliteProvider(Path.Combine(folder, "store")))
        {
            await using var producer = await provider.OpenProducerAsync(Topic);
            await producer.SendBatchAsync([.. Enumerable.Range(0, Records).Select(i => Record(i))]);

            await using var first = CrashProcess.Start(uri, "consume", Topic, Group, "0");
            await using var second = CrashProcess.Start(uri, "consume", Topic, Group, "0");
            await BothOwnPartitionsAsync(provider);
            await producer.SendBatchAsync([.. Enumerable.Range(Records, Records).Select(i => Record(i))]);
            await first.ReadAsync(1);
            await first.KillAsync();
            while (Values(first).Concat(Values(second)).Distinct().Count() < 2 * Records)
            {
                await second.ReadAsync(second.Lines.Count + 1);
            }

            while ((await provider.Admin.DescribeGroupAsync(Topic, Group))!.Partitions.Sum(partition => partition.Lag) > 0)
            {
                await second.ReadAsync(second.Lines.Count + 1);
            }
        }

        Directory.Delete(folder, recursive: true);
    }

    // Until then either may have handled everything there is, and the other would have nothing to say.
    private static async Task BothOwnPartitionsAsync(IStreamProvider provider)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await provider.Admin.DescribeGroupAsync(Topic, Group, limit.Token) is not { Members: [{ Partitions.Count: > 0 }, { Partitions.Count: > 0 }] })
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private static StreamRecord Record(int number) => new(Encoding.UTF8.GetBytes($"thread {number % 20}"), Encoding.UTF8.GetBytes($"{number}"));

    private static IEnumerable<string> Values(CrashProcess process) =>
        process.Lines.Where(line => line.StartsWith("read ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]);
}
