using System.Globalization;
using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>The server and the way to it fail while messages flow: everything that was taken is there, once and in order.</summary>
[TestClass]
public sealed class FaultTests
{
    private const string Topic = "events";

    [TestMethod]
    public async Task A_batch_whose_answer_was_lost_is_not_stored_twice()
    {
        const int count = 500;
        await using var redis = await ProviderUnderTest.StartAsync(new RedisNodeOptions { ThroughProxy = true }, Impatient);
        await redis.SendAsync(Topic, 1);
        await using var producer = await redis.Provider.OpenProducerAsync(Topic);
        redis.Node.Proxy!.HoldReplies();

        var sends = ProviderUnderTest.Send(producer, 1, count);
        await Eventually.TrueAsync(async () => await LengthAsync(redis) > 1, "a batch to be stored");
        redis.Node.Proxy.Cut();
        redis.Node.Proxy.Resume();
        var positions = await Task.WhenAll(sends);

        Assert.AreEqual(count + 1L, await LengthAsync(redis));
        await using var reader = await redis.OpenReaderAsync(Topic);
        var read = await ProviderUnderTest.ReadAsync(reader, count + 1);
        ProviderUnderTest.AssertSequence(count + 1, read);
        CollectionAssert.AreEqual(positions, read.Skip(1).Select(record => record.Position!.Value).ToArray(), "Every send was told where its record lies.");
    }

    [TestMethod]
    public async Task The_server_is_killed_and_started_again_while_messages_flow()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: Impatient);

        await FlowAsync(redis, 100_000, async () =>
        {
            await redis.Node.KillAsync();
            await redis.Node.StartAgainAsync();
        });
    }

    [TestMethod]
    public async Task The_server_hangs_while_messages_flow()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: Impatient);

        await FlowAsync(redis, 100_000, async () =>
        {
            await redis.Node.SuspendAsync();
            await Task.Delay(TimeSpan.FromSeconds(2));
            await redis.Node.ResumeAsync();
        });
    }

    [TestMethod]
    public async Task The_network_fails_while_messages_flow()
    {
        await using var redis = await ProviderUnderTest.StartAsync(new RedisNodeOptions { ThroughProxy = true }, Impatient);

        await FlowAsync(redis, 100_000, async () =>
        {
            redis.Node.Proxy!.Cut();
            await Task.Delay(200);
            redis.Node.Proxy.Resume();
            await Task.Delay(300);
            redis.Node.Proxy.Hang();
            await Task.Delay(1500);
            redis.Node.Proxy.Resume();
        });
    }

    [TestMethod]
    public async Task The_server_forgets_its_scripts_while_messages_flow()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: Impatient);

        await FlowAsync(redis, 20_000, () => redis.Node.CallAsync("SCRIPT", "FLUSH"));
    }

    [TestMethod]
    public async Task The_server_becomes_a_replica_for_a_while()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: Impatient);
        await using var producer = await redis.Provider.OpenProducerAsync(Topic);
        await Task.WhenAll(ProviderUnderTest.Send(producer, 0, 10));
        await redis.Node.CallAsync("REPLICAOF", "127.0.0.1", "1");
        await redis.Node.CallAsync("CONFIG", "SET", "replica-serve-stale-data", "yes");

        var sends = ProviderUnderTest.Send(producer, 10, 10);
        await Task.Delay(200);
        Assert.IsFalse(Array.Exists(sends, send => send.IsCompleted), "A replica takes nothing, and that passes.");
        await redis.Node.CallAsync("REPLICAOF", "NO", "ONE");
        await Task.WhenAll(sends);

        await using var reader = await redis.OpenReaderAsync(Topic);
        ProviderUnderTest.AssertSequence(20, await ProviderUnderTest.ReadAsync(reader, 20));
    }

    [TestMethod]
    public async Task A_full_server_refuses_what_it_cannot_keep_and_goes_on_with_room()
    {
        await using var redis = await ProviderUnderTest.StartAsync(new RedisNodeOptions { MaxMemoryBytes = 16 * 1024 * 1024 }, Impatient);
        await using var producer = await redis.Provider.OpenProducerAsync(Topic);
        var value = new byte[64 * 1024];
        var stored = new List<StreamPosition>();
        StreamException? refusal = null;
        while (refusal is null)
        {
            try
            {
                stored.Add(await producer.SendAsync(new StreamRecord("key"u8.ToArray(), value)));
            }
            catch (StreamException e)
            {
                refusal = e;
            }
        }

        Assert.AreEqual(StreamErrorKind.Full, refusal.Kind, refusal.Message);
        await redis.Node.CallAsync("CONFIG", "SET", "maxmemory", "0");
        stored.Add(await producer.SendAsync(new StreamRecord("key"u8.ToArray(), value)));
        await using var reader = await redis.OpenReaderAsync(Topic);
        var read = await ProviderUnderTest.ReadAsync(reader, stored.Count);
        CollectionAssert.AreEqual(stored, read.Select(record => record.Position!.Value).ToArray());
    }

    [TestMethod]
    public async Task A_waiting_reader_survives_a_restart_and_wakes()
    {
        await using var redis = await ProviderUnderTest.StartAsync(configure: Impatient);
        await redis.Provider.Admin.CreateTopicAsync(new TopicSpec(Topic));
        await using var reader = await redis.OpenReaderAsync(Topic);
        Assert.IsEmpty((await reader.ReadAsync(TimeSpan.FromMilliseconds(300))).Records);

        await redis.Node.KillAsync();
        await redis.Node.StartAgainAsync();
        var reading = ReadThroughAsync(reader, 1);
        await redis.SendAsync(Topic, 1);

        ProviderUnderTest.AssertSequence(1, await reading.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private static void Impatient(RedisProviderOptions options)
    {
        options.Connection.CommandTimeout = TimeSpan.FromSeconds(1);
        options.Connection.ConnectTimeout = TimeSpan.FromSeconds(3);
        options.SendTimeout = TimeSpan.FromMinutes(2);
        options.MaxBatchRecords = 500;
        options.MaxPendingBytes = 256 * 1024 * 1024;
    }

    /// <summary>Sends and reads in a group at once, with trouble in between; then everything sent was handled, in order.</summary>
    private static async Task FlowAsync(ProviderUnderTest redis, int count, Func<Task> trouble)
    {
        await redis.Provider.Admin.CreateTopicAsync(new TopicSpec(Topic));
        await using var member = await redis.JoinAsync(Topic, "handlers");
        await using var producer = await redis.Provider.OpenProducerAsync(Topic);
        var handling = NumberedMember.Start(member, count, StreamErrorKind.Fenced);

        var sends = ProviderUnderTest.Send(producer, 0, count / 2);
        await Eventually.TrueAsync(() => Task.FromResult(Array.Exists(sends, static send => send.IsCompleted)), "the first record to be stored");
        await trouble();
        var later = ProviderUnderTest.Send(producer, count / 2, count - (count / 2));
        await Task.WhenAll([.. sends, .. later]).WaitAsync(TimeSpan.FromMinutes(2));
        await handling.AssertHasAllAsync();

        Assert.AreEqual((long)count, await LengthAsync(redis), "Nothing was stored twice.");
        await using var reader = await redis.OpenReaderAsync(Topic);
        ProviderUnderTest.AssertSequence(count, await ProviderUnderTest.ReadAsync(reader, count));
    }

    private static async Task<List<StreamRecord>> ReadThroughAsync(IStreamConsumer reader, int count)
    {
        var records = new List<StreamRecord>();
        while (records.Count < count)
        {
            try
            {
                records.AddRange((await reader.ReadAsync(TimeSpan.FromSeconds(5))).Records);
            }
            catch (StreamException e) when (e.IsTransient)
            {
                await Task.Delay(20);
            }
        }

        return records;
    }

    private static async Task<long> LengthAsync(ProviderUnderTest redis) =>
        Convert.ToInt64(await redis.Node.CallAsync("XLEN", ProviderUnderTest.Stream(Topic)), CultureInfo.InvariantCulture);
}
