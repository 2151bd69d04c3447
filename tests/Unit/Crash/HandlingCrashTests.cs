using DashStream.Protocol;
using DashStream.Providers;

namespace DashStream.Tests.Crash;

/// <summary>
/// A process that reads, handles and commits is killed 200 times on each store, at moments of no choice of its own. Nothing is lost, nothing comes again that
/// was committed, and each thread is begun in order.
/// </summary>
[TestClass]
public sealed class HandlingCrashTests
{
    private const int Chains = 4;
    private const int KillsOfAChain = 50;
    private const int Threads = 40;
    private const int Messages = 30_000;
    private const int LongestLifeMs = 120;
    private const string Topic = "events";

    [TestMethod]
    [DataRow("file")]
    [DataRow("sqlite")]
    [Timeout(600_000, CooperativeCancellation = true)]
    public async Task Killed_at_random_moments_a_consumer_loses_nothing_and_repeats_only_what_lies_above_its_commit(string scheme)
    {
        var folder = Directory.CreateTempSubdirectory("dashstream-crash-").FullName;
        var store = Path.Combine(folder, "store");
        await using (IStreamProvider provider = scheme == "file" ? new FileProvider(store) : new SqliteProvider(store))
        {
            var log = await FillAsync(provider);
            var kills = await Task.WhenAll(Enumerable.Range(0, Chains).Select(chain => new KillChain(provider, $"{scheme}:{store}", $"g{chain}", log).RunAsync()));
            Assert.AreEqual(Chains * KillsOfAChain, kills.Sum());
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task<IReadOnlyDictionary<StreamPosition, string>> FillAsync(IStreamProvider provider)
    {
        await provider.Admin.CreateTopicAsync(new TopicSpec(Topic, 4));
        await using var producer = await DashStreamProducer.OpenAsync(provider, Topic);
        var messages = Enumerable.Range(0, Messages)
            .Select(i => (DashStreamMessage)new TokenChunk { Header = new Header { ThreadId = $"thread {i % Threads}" }, Text = $"{i}" }).ToList();
        var results = await producer.SendBatchAsync(messages);
        return results.Select((result, i) => (result.Receipt.Position, Thread: $"thread {i % Threads}")).ToDictionary(sent => sent.Position, sent => sent.Thread);
    }

    /// <summary>One group, whose only member is killed and started again.</summary>
    private sealed class KillChain(IStreamProvider provider, string uri, string group, IReadOnlyDictionary<StreamPosition, string> log)
    {
        private readonly Random _random = new(group[^1]);
        private readonly HashSet<StreamPosition> _done = [];
        private readonly Dictionary<string, UInt128> _begun = [];
        private Dictionary<int, UInt128> _committed = [];

        public async Task<int> RunAsync()
        {
            for (var kill = 0; kill < KillsOfAChain; kill++)
            {
                await using var process = CrashProcess.Start(uri, "handle", Topic, group);
                await process.ReadAsync(1);
                await Task.Delay(_random.Next(LongestLifeMs));
                await process.KillAsync();
                Check(process.Lines);
                await CheckCommitsAsync();
            }

            Assert.IsGreaterThan(KillsOfAChain, _done.Count, "The process did too little to show anything.");
            return KillsOfAChain;
        }

        private void Check(IReadOnlyList<string> lines)
        {
            foreach (var line in lines)
            {
                // A line is one write to a pipe, so no kill cuts it.
                var space = line.IndexOf(' ', StringComparison.Ordinal);
                var position = StreamPosition.Parse(line[(space + 1)..], null);
                if (line[..space] == "done")
                {
                    _done.Add(position);
                    continue;
                }

                Assert.IsTrue(
                    !_committed.TryGetValue(position.Partition, out var committed) || position.Offset > committed, $"{position} came again, and {committed} was committed.");
                CheckOrder(log[position], position);
            }
        }

        // What is begun for the first time lies behind everything that was begun before in its thread, and all of that is done.
        private void CheckOrder(string thread, StreamPosition position)
        {
            if (_begun.TryGetValue(thread, out var last) && position.Offset <= last)
            {
                return;
            }

            Assert.IsTrue(last == 0 || _done.Contains(new StreamPosition(position.Partition, last)), $"{position} of {thread} was begun before {last} was done.");
            _begun[thread] = position.Offset;
        }

        private async Task CheckCommitsAsync()
        {
            var partitions = (await provider.Admin.DescribeGroupAsync(Topic, group))!.Partitions;
            _committed = partitions.Where(partition => partition.Committed is not null).ToDictionary(partition => partition.Partition, partition => partition.Committed!.Value);
            foreach (var position in log.Keys.Where(position => _committed.TryGetValue(position.Partition, out var committed) && position.Offset <= committed))
            {
                Assert.Contains(position, _done, $"{position} was committed and never done.");
            }
        }
    }
}
