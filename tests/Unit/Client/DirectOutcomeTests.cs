using System.Globalization;
using DashStream.Protocol;
using DashStream.Stores;
using DashStream.Tests.Stores;
using static DashStream.Tests.Stores.ProducerFixture;

namespace DashStream.Tests.Client;

/// <summary>Sends of the client whose outcome the shared producer tells directly, over a store that fails, hangs and is stopped.</summary>
[TestClass]
public sealed class DirectOutcomeTests
{
    private static readonly ProviderCapabilities Capabilities =
        new() { Durability = StreamDurability.Process, Persistent = false, MultiProcess = false, MaxRecordBytes = 1_000_000 };

    private readonly ManualTime _time = new();
    private readonly FaultyLogStore _store;
    private readonly LogProviderOptions _options = new() { SendTimeout = TimeSpan.FromSeconds(10) };

    public DirectOutcomeTests() => _store = new FaultyLogStore(_time);

    [TestMethod]
    public async Task A_store_that_never_returns_ends_sends_at_their_time_and_a_stop_at_its_deadline()
    {
        _store.OnAppend = (_, _, _) => new ValueTask(new TaskCompletionSource().Task);
        await using var provider = Provider(_store, _time);
        var producer = await DashStreamProducer.OpenAsync(provider, Topic, time: _time);

        var first = producer.SendAsync(Message("a", 1)).AsTask();
        await Until(() => _store.Appends == 1);
        var second = producer.SendAsync(Message("a", 2)).AsTask();
        _time.Advance(_options.SendTimeout);
        await ThrowsAsync(StreamErrorKind.Timeout, first);
        await ThrowsAsync(StreamErrorKind.Timeout, second);
        var third = producer.SendAsync(Message("a", 3)).AsTask();
        var stop = producer.StopAsync(TimeSpan.FromSeconds(1)).AsTask();
        await _time.AdvanceUntilAsync(() => stop.IsCompleted, TimeSpan.FromMilliseconds(100));

        var receipt = await stop;
        Assert.AreEqual((0L, 2L, 1L), (receipt.Stored, receipt.Failed, receipt.Pending));
        await ThrowsAsync(StreamErrorKind.Closed, third);
    }

    [TestMethod]
    public async Task An_answer_that_comes_after_the_time_out_changes_nothing()
    {
        var answer = new TaskCompletionSource();
        _store.OnAppend = (_, earlier, _) => earlier == 0 ? new ValueTask(answer.Task) : default;
        await using var provider = Provider(_store, _time);
        await using var producer = await DashStreamProducer.OpenAsync(provider, Topic, time: _time);

        var late = producer.SendAsync(Message("a", 1)).AsTask();
        await Until(() => _store.Appends == 1);
        _time.Advance(_options.SendTimeout);
        await ThrowsAsync(StreamErrorKind.Timeout, late);
        answer.SetResult();
        var next = await producer.SendAsync(Message("a", 2)).AsTask().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.AreEqual(2UL, next.Sequence, "What may have been stored keeps its number.");
    }

    [TestMethod]
    public async Task A_sender_that_blocks_when_it_is_told_does_not_stop_the_others()
    {
        var answer = new TaskCompletionSource();
        _store.OnAppend = (_, earlier, _) => earlier == 0 ? new ValueTask(answer.Task) : default;
        await using var provider = Provider(_store, _time);
        await using var producer = await DashStreamProducer.OpenAsync(provider, Topic, time: _time);
        using var release = new ManualResetEventSlim();

        var blocking = BlockAfterAsync(producer.SendAsync(Message("a", 1)), release);
        answer.SetResult();
        for (var i = 0; i < 100; i++)
        {
            await producer.SendAsync(Message("b", i)).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        }

        release.Set();
        await blocking;
    }

    [TestMethod]
    public async Task Amid_time_outs_every_sender_is_told_of_its_own_message()
    {
        var random = new Random(5);
        await using var store = new FaultyLogStore(TimeProvider.System)
        {
            OnAppend = async (_, _, token) => await Task.Delay(random.Next(3) == 0 ? 30 : 0, token),
        };
        _options.SendTimeout = TimeSpan.FromMilliseconds(20);
        _options.MaxBatchRecords = 5;
        await store.TryCreateTopicAsync(new TopicSpec(Topic), default);
        await using var provider = Provider(store, TimeProvider.System);
        await using var producer = await DashStreamProducer.OpenAsync(provider, Topic);

        var receipts = await Task.WhenAll(Enumerable.Range(0, 8).Select(sender => Task.Run(() => SendManyAsync(producer, sender))));

        var codec = new MessageCodec();
        var stored = (await store.ReadAsync(Topic, 0, 0, int.MaxValue, int.MaxValue, default))
            .ToDictionary(record => record.Position!.Value, record => codec.Decode(record.Value!.Value).TokenChunk);
        foreach (var (text, receipt) in receipts.SelectMany(sent => sent))
        {
            Assert.AreEqual((text, receipt.Sequence), (stored[receipt.Position].Text, stored[receipt.Position].Header.Sequence));
        }

        Assert.IsGreaterThan(100, receipts.Sum(sent => sent.Count), "Some sends were to be stored.");
    }

    private LogProvider Provider(ILogStore store, TimeProvider time) => new("faulty", store, Capabilities, _options, time);

    private static TokenChunk Message(string thread, int number) =>
        new() { Header = new Header { ThreadId = thread }, Text = number.ToString(CultureInfo.InvariantCulture) };

    private static async Task BlockAfterAsync(ValueTask<SendReceipt> send, ManualResetEventSlim release)
    {
        await send.ConfigureAwait(false);
        release.Wait(TimeSpan.FromSeconds(20));
    }

    private static async Task<List<(string Text, SendReceipt Receipt)>> SendManyAsync(DashStreamProducer producer, int sender)
    {
        var stored = new List<(string, SendReceipt)>();
        for (var i = 0; i < 100; i++)
        {
            var message = Message($"s{sender}", i);
            try
            {
                stored.Add((message.Text, await producer.SendAsync(message)));
            }
            catch (StreamException e) when (e.Kind == StreamErrorKind.Timeout)
            {
                Assert.IsNotNull(e.Message);
            }
        }

        return stored;
    }
}
