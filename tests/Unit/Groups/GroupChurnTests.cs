using System.Collections.Concurrent;
using DashStream.Stores;
using static DashStream.Tests.Groups.ReadingFixture;

namespace DashStream.Tests.Groups;

[TestClass]
public sealed class GroupChurnTests
{
    private const int Partitions = 6;
    private const int Records = 3_000;

    [TestMethod]
    public async Task Members_that_come_and_go_read_every_record_and_never_a_committed_one_again()
    {
        await using var fixture = new ReadingFixture(Partitions);
        var done = new ConcurrentDictionary<StreamPosition, int>();
        var random = new Random(7);
        var appending = AppendAllAsync(fixture);
        var members = new List<Member>();

        for (var round = 0; round < 40 || done.Count < Records; round++)
        {
            Assert.IsLessThan(2_000, round, $"{done.Count} of {Records} are done.");
            if (members.Count < 2 || (members.Count < 5 && random.Next(2) == 0))
            {
                members.Add(new Member(await fixture.OpenAsync(store: fixture.NewStore()), done));
            }
            else if (round < 40)
            {
                var leaver = members[random.Next(members.Count)];
                members.Remove(leaver);
                await leaver.StopAsync();
            }

            await Task.Delay(10);
        }

        await appending;
        await Task.WhenAll(members.Select(member => member.StopAsync()));
        Assert.HasCount(Records, done);
        Assert.IsTrue(done.Values.All(times => times == 1), "A record whose commit was accepted was committed by another member again.");
    }

    private static async Task AppendAllAsync(ReadingFixture fixture)
    {
        for (var i = 0; i < Records / 10; i++)
        {
            await fixture.AppendAsync(i % Partitions, [.. Enumerable.Range(0, 10).Select(n => $"{n}")]);
            await Task.Yield();
        }
    }

    /// <summary>Reads, commits what it read, and counts it as done when the commit was accepted.</summary>
    private sealed class Member
    {
        private readonly LogConsumer _consumer;
        private readonly ConcurrentDictionary<StreamPosition, int> _done;
        private readonly Task _run;

        public Member(LogConsumer consumer, ConcurrentDictionary<StreamPosition, int> done)
        {
            (_consumer, _done) = (consumer, done);
            _run = RunAsync();
        }

        public async Task StopAsync()
        {
            Assert.IsTrue((await _consumer.StopAsync(Long)).Complete);
            await _run.WaitAsync(Long);
        }

        private async Task RunAsync()
        {
            await Task.Yield();
            while (true)
            {
                try
                {
                    var batch = await _consumer.ReadAsync(Long);
                    Assert.IsEmpty(batch.Gaps);
                    foreach (var partition in batch.Records.GroupBy(record => record.Position!.Value.Partition))
                    {
                        await CommitAsync([.. partition.Select(record => record.Position!.Value)]);
                    }
                }
                catch (StreamException e) when (e.Kind == StreamErrorKind.Closed)
                {
                    return;
                }
            }
        }

        private async Task CommitAsync(StreamPosition[] read)
        {
            try
            {
                await _consumer.CommitAsync([read[^1]]);
                foreach (var position in read)
                {
                    _done.AddOrUpdate(position, 1, static (_, times) => times + 1);
                }
            }
            catch (StreamException e) when (e.Kind == StreamErrorKind.Fenced)
            {
                // Somebody else reads it again.
            }
        }
    }
}
