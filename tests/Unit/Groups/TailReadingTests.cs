using DashStream.Stores;
using static DashStream.Tests.Groups.ReadingFixture;

namespace DashStream.Tests.Groups;

/// <summary>A store that watches its topic spares readers the way to the storage, and never lets them miss what is there.</summary>
[TestClass]
public sealed class TailReadingTests
{
    private readonly StoppedClock _clock = new();

    [TestMethod]
    public async Task What_comes_while_a_read_waits_is_not_asked_for_again()
    {
        await using var fixture = new ReadingFixture(time: _clock);
        var (consumer, tail) = await OpenAsync(fixture);
        OnFirstWait(fixture, () => tail.AppendAsync("a"));
        var (reads, stamps) = (fixture.Store.Reads, fixture.Store.Stamps);

        CollectionAssert.AreEqual(new[] { "a" }, Texts(await consumer.ReadAsync(Long)));

        Assert.AreEqual((reads, stamps), (fixture.Store.Reads, fixture.Store.Stamps));
    }

    [TestMethod]
    public async Task Who_is_at_the_end_waits_without_a_look_and_looks_after_a_while()
    {
        await using var fixture = new ReadingFixture(time: _clock);
        var (consumer, tail) = await OpenAsync(fixture);
        var looks = fixture.Store.Reads + fixture.Store.Stamps;
        var looksAtWait = new List<int>();
        fixture.Store.OnWait = async () =>
        {
            looksAtWait.Add(fixture.Store.Reads + fixture.Store.Stamps - looks);
            _clock.Elapsed += TimeSpan.FromMilliseconds(300);
            await (looksAtWait.Count == 2 ? tail.AppendAsync("a") : Task.CompletedTask);
        };

        CollectionAssert.AreEqual(new[] { "a" }, Texts(await consumer.ReadAsync(Long)));

        CollectionAssert.AreEqual(new[] { 0, 1 }, looksAtWait);
    }

    [TestMethod]
    public async Task A_read_that_does_not_wait_finds_what_the_store_has_not_heard_of()
    {
        await using var fixture = new ReadingFixture(time: _clock);
        var (consumer, _) = await OpenAsync(fixture);
        await fixture.AppendAsync(0, "a");

        CollectionAssert.AreEqual(new[] { "a" }, Texts(await consumer.ReadAsync(TimeSpan.Zero)));
    }

    [TestMethod]
    public async Task An_append_after_the_last_look_that_the_store_has_not_heard_of_ends_the_wait()
    {
        await using var fixture = new ReadingFixture(time: _clock);
        var (consumer, _) = await OpenAsync(fixture);
        await fixture.AppendAsync(0, "a");

        CollectionAssert.AreEqual(new[] { "a" }, Texts(await consumer.ReadAsync(Long).AsTask().WaitAsync(TimeSpan.FromSeconds(10))));
    }

    [TestMethod]
    public async Task An_append_between_an_empty_look_and_the_wait_ends_the_wait()
    {
        await using var fixture = new ReadingFixture(time: _clock);
        var (consumer, tail) = await OpenAsync(fixture);
        _clock.Elapsed += TimeSpan.FromSeconds(1);
        OnFirstWait(fixture, async () =>
        {
            await fixture.AppendAsync(0, "a");
            await tail.LoseAsync();
        });

        CollectionAssert.AreEqual(new[] { "a" }, Texts(await consumer.ReadAsync(Long).AsTask().WaitAsync(TimeSpan.FromSeconds(10))));
    }

    [TestMethod]
    public async Task What_was_removed_before_a_read_began_is_a_gap_though_the_store_has_it_at_hand()
    {
        await using var fixture = new ReadingFixture(time: _clock);
        var (consumer, tail) = await OpenAsync(fixture);
        await tail.AppendAsync("a", "b");
        await fixture.Store.TrimAsync(Topic, 0, 1, default);

        var batch = await consumer.ReadAsync(Long);

        Assert.AreEqual(new StreamGap(0, 0, 1), batch.Gaps.Single());
        CollectionAssert.AreEqual(new[] { "b" }, Texts(batch));
    }

    private static async Task<(LogConsumer Consumer, Tail Tail)> OpenAsync(ReadingFixture fixture)
    {
        var consumer = await fixture.OpenAloneAsync();
        Assert.IsEmpty((await consumer.ReadAsync(TimeSpan.Zero)).Records);
        var tail = new Tail(fixture);
        await tail.AppendAsync();
        fixture.Store.Tail = tail;
        return (consumer, tail);
    }

    private static void OnFirstWait(ReadingFixture fixture, Func<Task> what) => fixture.Store.OnWait = async () =>
    {
        fixture.Store.OnWait = static () => ValueTask.CompletedTask;
        await what();
    };

    /// <summary>Knows what was appended through it.</summary>
    private sealed class Tail(ReadingFixture fixture) : ILogTail
    {
        private readonly ReadingFixture _direct = fixture;
        private List<StreamRecord>? _records = [];

        public long Stamp { get; private set; }

        public async Task AppendAsync(params string[] values)
        {
            if (values.Length > 0)
            {
                await _direct.AppendAsync(0, values);
            }

            _records = [.. await Log().ReadAsync(Topic, 0, 0, 100, 1 << 20, default)];
            Stamp = await Log().GetStampAsync(Topic, default);
        }

        /// <summary>Hears that something was appended, and not what.</summary>
        public async Task LoseAsync()
        {
            _records = null;
            Stamp = await Log().GetStampAsync(Topic, default);
        }

        public IReadOnlyList<StreamRecord>? TryRead(int partition, UInt128 from, int maxRecords, int maxBytes) =>
            _records is null ? null : [.. _records.Where(record => record.Position!.Value.Offset >= from).Take(maxRecords)];

        // One whose calls are not counted.
        private HookedLogStore Log() => _direct.NewStore();
    }

    /// <summary>Timers run, elapsed time does not.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
