using System.Text;

namespace DashStream.Tests.DeadLetters;

[TestClass]
public sealed class DeadLetterReplayerTests
{
    [TestMethod]
    public async Task Messages_go_out_no_faster_than_asked()
    {
        var time = new ManualTime();
        await using var provider = await StoredAsync(count: 5);

        var run = new DeadLetterReplayer(new DeadLetterReader(provider, "events.dlq"), time).RunAsync(new DeadLetterReplayOptions { MaxPerSecond = 2 }).ToListAsync().AsTask();
        await time.AdvanceUntilAsync(() => run.IsCompleted, TimeSpan.FromMilliseconds(50));

        Assert.HasCount(5, await run);
        Assert.IsGreaterThanOrEqualTo(2.0, time.GetElapsedTime(0).TotalSeconds);
    }

    [TestMethod]
    public async Task A_delegate_changes_messages_or_passes_them_over()
    {
        await using var provider = await StoredAsync(count: 3);
        var options = new DeadLetterReplayOptions
        {
            Edit = (letter, message) => letter.Document.ThreadId == "k1" ? null : new StreamRecord(message.Key, "edited"u8.ToArray(), message.Headers),
        };

        var replays = await RunAsync(provider, options);

        CollectionAssert.AreEqual(
            new[] { DeadLetterReplayStatus.Replayed, DeadLetterReplayStatus.Skipped, DeadLetterReplayStatus.Replayed }, replays.Select(replay => replay.Status).ToArray());
        CollectionAssert.AreEqual(new[] { "edited", "edited" }, await TextsAsync(provider, "events", 2));
    }

    [TestMethod]
    public async Task A_replay_that_broke_off_is_started_again_and_repeats_nothing()
    {
        await using var provider = await StoredAsync(count: 6);
        await foreach (var replay in new DeadLetterReplayer(new DeadLetterReader(provider, "events.dlq")).RunAsync())
        {
            if (replay.Letter.Document.ThreadId == "k2")
            {
                break;
            }
        }

        var sent = provider.Sends;
        provider.BeforeSend = (n, _) => n == sent + 2 ? Task.FromException(FailingProvider.Error(StreamErrorKind.Transient)) : Task.CompletedTask;
        await Assert.ThrowsExactlyAsync<StreamException>(() => RunAsync(provider, new DeadLetterReplayOptions()));
        provider.BeforeSend = (_, _) => Task.CompletedTask;

        var rest = await RunAsync(provider, new DeadLetterReplayOptions());

        Assert.AreEqual(4, rest.Count(replay => replay.Status == DeadLetterReplayStatus.AlreadyReplayed));
        CollectionAssert.AreEqual(new[] { "0", "1", "2", "3", "4", "5" }, await TextsAsync(provider, "events", 6));
    }

    [TestMethod]
    public async Task The_letters_own_topic_is_no_target()
    {
        await using var provider = await StoredAsync(count: 1);

        var replay = (await RunAsync(provider, new DeadLetterReplayOptions { Topic = "events.dlq" })).Single();

        Assert.AreEqual(DeadLetterReplayStatus.Refused, replay.Status);
        Assert.Contains("events.dlq", replay.Why!);
    }

    [TestMethod]
    public async Task Another_store_and_topic_can_be_the_target()
    {
        await using var provider = await StoredAsync(count: 2);
        await using var other = new FailingProvider();
        await other.Admin.CreateTopicAsync(new TopicSpec("mended"));

        await RunAsync(provider, new DeadLetterReplayOptions { Provider = other, Topic = "mended" });

        CollectionAssert.AreEqual(new[] { "0", "1" }, await TextsAsync(other, "mended", 2));
    }

    [TestMethod]
    public async Task Letters_of_the_original_are_read_beside_what_is_none_and_replayed()
    {
        await using var provider = new FailingProvider();
        await provider.Admin.CreateTopicAsync(new TopicSpec("dashstream-dlq"));
        await provider.Admin.CreateTopicAsync(new TopicSpec("dashstream-events", 4));
        await using (var producer = await provider.OpenProducerAsync("dashstream-dlq"))
        {
            foreach (var line in GoldenData.JsonLines(GoldenData.Trimmed("golden", "dlq.jsonl")))
            {
                await producer.SendAsync(new StreamRecord("t"u8.ToArray(), Encoding.UTF8.GetBytes(line.GetProperty("record").GetString()!)));
                await producer.SendAsync(new StreamRecord("t"u8.ToArray(), "{}"u8.ToArray()));
            }
        }

        var letters = new DeadLetterReader(provider, "dashstream-dlq");
        var page = await letters.GetPageAsync(null, 10);
        var replays = await new DeadLetterReplayer(letters).RunAsync().ToListAsync();

        Assert.AreEqual((3, 3, 3), (page.Letters.Count, page.Unreadable.Count, (await letters.CountAsync()).Unreadable));
        Assert.AreEqual((DeadLetterReplayStatus.Replayed, 1), (replays[1].Status, replays[1].Position!.Value.Partition));
    }

    [TestMethod]
    public async Task A_topic_that_does_not_exist_is_not_found()
    {
        await using var provider = new FailingProvider();

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => RunAsync(provider, new DeadLetterReplayOptions()));

        Assert.AreEqual(StreamErrorKind.NotFound, error.Kind);
    }

    [TestMethod]
    public async Task An_edit_too_long_for_a_letter_is_refused()
    {
        await using var provider = await StoredAsync(count: 1);
        var letters = new DeadLetterReader(provider, "events.dlq");
        var letter = (await letters.GetPageAsync(null, 1)).Letters.Single();
        var tooLong = new StreamRecord(default, new byte[DeadLetterDocument.MaxPayloadBytes + 1]);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => new DeadLetterEditor(letters).EditAsync(letter, tooLong).AsTask());

        Assert.AreEqual(StreamErrorKind.TooLarge, error.Kind);
    }

    [TestMethod]
    public async Task Edits_follow_one_another_and_the_newest_counts()
    {
        await using var provider = await StoredAsync(count: 2);
        var letters = new DeadLetterReader(provider, "events.dlq");
        var editor = new DeadLetterEditor(letters);
        for (var edit = 1; edit <= 3; edit++)
        {
            var letter = (await letters.FindAsync((await IdAsync(letters, "k0"))!))!;
            await editor.EditAsync(letter, new StreamRecord(letter.OriginalKey, Encoding.UTF8.GetBytes($"edit {edit}"), letter.OriginalHeaders));
        }

        var newest = (await letters.ReadAsync(new DeadLetterFilter { Threads = ["k0"] }).ToListAsync()).Single();

        Assert.AreEqual((3, "edit 3"), (newest.Edits, Encoding.UTF8.GetString(newest.Document.Payload.Span)));
        Assert.AreEqual(2L, (await letters.CountAsync()).Letters);
    }

    [TestMethod]
    public async Task Another_key_decides_the_partition_anew()
    {
        await using var provider = new FailingProvider();
        await provider.Admin.CreateTopicAsync(new TopicSpec("events", 8));
        await using var sink = new ProviderDeadLetterSink(provider);
        await sink.StoreAsync(StoredDeadLetterTests.Failed(new StreamRecord("a"u8.ToArray(), "0"u8.ToArray(), null, 1, new StreamPosition(7, 0)), DeadLetterStage.Handler));
        var letters = new DeadLetterReader(provider, "events.dlq");
        var same = (await new DeadLetterReplayer(letters).RunAsync().ToListAsync()).Single();
        var letter = (await letters.GetPageAsync(null, 1)).Letters.Single();

        await new DeadLetterEditor(letters).EditAsync(letter, new StreamRecord("b"u8.ToArray(), "0"u8.ToArray()));
        var moved = (await new DeadLetterReplayer(letters).RunAsync().ToListAsync()).Single();

        await using var producer = await provider.OpenProducerAsync("events");
        var home = await producer.SendAsync(new StreamRecord("b"u8.ToArray(), "1"u8.ToArray()));
        Assert.AreEqual((7, home.Partition), (same.Position!.Value.Partition, moved.Position!.Value.Partition));
    }

    private static async Task<string?> IdAsync(DeadLetterReader letters, string thread) =>
        (await letters.ReadAsync(new DeadLetterFilter { Threads = [thread] }).ToListAsync()).Single().Id;

    private static async Task<List<DeadLetterReplay>> RunAsync(FailingProvider provider, DeadLetterReplayOptions options) =>
        await new DeadLetterReplayer(new DeadLetterReader(provider, "events.dlq")).RunAsync(options).ToListAsync();

    private static async Task<string[]> TextsAsync(FailingProvider provider, string topic, int count)
    {
        await using var consumer = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions());
        var records = (await consumer.ReadAsync(TimeSpan.FromSeconds(10))).Records;
        Assert.HasCount(count, records);
        return [.. records.Select(record => Encoding.UTF8.GetString(record.Value!.Value.Span))];
    }

    /// <summary>Letters about messages 0, 1, … of threads k0, k1, …, and an empty topic <c>events</c>.</summary>
    private static async Task<FailingProvider> StoredAsync(int count)
    {
        var provider = new FailingProvider();
        await provider.Admin.CreateTopicAsync(new TopicSpec("events"));
        await using var sink = new ProviderDeadLetterSink(provider);
        for (var i = 0; i < count; i++)
        {
            await sink.StoreAsync(StoredDeadLetterTests.Failed(StoredDeadLetterTests.Record($"k{i}", Encoding.UTF8.GetBytes($"{i}")), DeadLetterStage.Send));
        }

        return provider;
    }
}
