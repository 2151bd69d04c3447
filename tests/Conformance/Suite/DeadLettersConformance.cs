using System.Collections.Concurrent;
using System.Text;

namespace DashStream.Conformance;

/// <summary>Dead letters lie in any provider as ordinary records: they keep the message whole, can be looked through, edited, removed and sent again.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class DeadLettersConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private static readonly string[] Tenants = ["a", "b"];

    [Case]
    [Rule("B5-80", "A dead letter keeps payload, key, headers and reason, readable without decoding, and reading it twice changes nothing")]
    public async Task A_letter_keeps_the_message_whole()
    {
        var source = await CreateTopicAsync(partitions: 2);
        var message = new StreamRecord(Sample.Bytes("key-é"), new byte[] { 0, 0xff, 1 }, [new("h", new byte[] { 0xfe, 0 }), new("h", "again"), new("ds-producer", "p")], Sample.TimeUs);
        await SendAsync(source, message);
        var read = (await ReadAsync(source, 1))[0];
        await using var sink = new ProviderDeadLetterSink(Provider);

        await sink.StoreAsync(Failed(source, read, DeadLetterStage.Decode));

        var letters = new DeadLetterReader(Provider, $"{source}.dlq");
        foreach (var letter in new[] { await SingleAsync(letters), await SingleAsync(letters) })
        {
            Expect.Same(message, letter.ToOriginal(), Capabilities);
            Assert.AreEqual(read.Position, letter.SourcePosition);
            Assert.AreEqual((DeadLetterStage.Decode, "it failed", 3), (letter.Stage, letter.Document.Error, letter.Attempts));
        }
    }

    [Case]
    [Rule("B5-79", "What a consumer cannot handle goes to the dead letters, and the consumer goes on")]
    [Rule("B5-82", "A message is tried as often as said before it becomes a dead letter")]
    [Rule("B5-87", "A record that is no message becomes a dead letter with its bytes, and the consumer survives it")]
    public async Task A_consumer_sends_what_it_cannot_handle_to_the_letters()
    {
        var topic = await CreateTopicAsync();
        await Thought.SendAsync(Provider, topic, count: 2, threads: 2);
        await SendAsync(topic, Sample.Text("no message at all", "thread-9"));
        await Thought.SendAsync(Provider, topic, count: 2, threads: 2, from: 2);
        await using var sink = new ProviderDeadLetterSink(Provider);
        var handled = new ConcurrentQueue<int>();
        var tries = 0;
        var options = new DashStreamConsumerOptions
        {
            DeadLetters = sink,
            Retry = new RetryPolicy { MaxAttempts = 3, BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(5) },
        };
        await using (var consumer = await DashStreamConsumer.OpenAsync(Provider, topic, null, options))
        {
            var run = consumer.RunAsync((message, _) =>
            {
                if (Thought.NumberOf(message) == 1)
                {
                    Interlocked.Increment(ref tries);
                    throw new InvalidOperationException("poison");
                }

                handled.Enqueue(Thought.NumberOf(message));
                return ValueTask.CompletedTask;
            });
            var reader = new DeadLetterReader(Provider, $"{topic}.dlq");
            await Waits.UntilAsync(async () => handled.Count == 3 && await CountAsync(reader) == 2, "three messages were handled and two became letters");
            await consumer.StopAsync(Waits.Positive);
            await Waits.EndsAsync(run, "the run ended");
        }

        Assert.AreEqual(3, tries);
        var letters = await new DeadLetterReader(Provider, $"{topic}.dlq").ReadAsync().ToListAsync();
        var handler = letters.Single(letter => letter.Stage == DeadLetterStage.Handler);
        var undecodable = letters.Single(letter => letter.Stage == DeadLetterStage.Decode);
        Assert.AreEqual((3, "t", "thread-1"), (handler.Attempts, handler.Document.TenantId, handler.Document.ThreadId));
        Assert.AreEqual("no message at all", Encoding.UTF8.GetString(undecodable.Document.Payload.Span));
    }

    [Case]
    [Rule("B5-81", "Dead letters are counted, by stage, kind and source")]
    [Rule("B5-83", "Dead letters are found by stage, text, thread, tenant, source and time, in pages")]
    public async Task Letters_are_found_and_counted()
    {
        var (letters, _) = await StoredAsync(count: 20);

        var totals = await letters.CountAsync();
        var ofTenant = await letters.ReadAsync(new DeadLetterFilter { Tenants = ["b"], Stages = [DeadLetterStage.Send] }).ToListAsync();
        var later = await letters.ReadAsync(new DeadLetterFilter { Since = TimeProvider.System.GetUtcNow().AddHours(1) }).ToListAsync();
        var pages = new List<DeadLetterPage> { await letters.GetPageAsync(null, 8) };
        while (pages[^1].Next is { } next)
        {
            pages.Add(await letters.GetPageAsync(null, 8, next));
        }

        Assert.AreEqual((20, 0, 10, 10), (totals.Letters, totals.Unreadable, totals.ByStage[DeadLetterStage.Send], totals.ByStage[DeadLetterStage.Handler]));
        CollectionAssert.AreEqual(Enumerable.Range(0, 10).Select(i => $"thread-{(2 * i) + 1}").ToArray(), ofTenant.Select(letter => letter.Document.ThreadId).ToArray());
        Assert.IsEmpty(later);
        Assert.AreEqual("8 8 4", string.Join(' ', pages.Select(page => page.Letters.Count)));
        Assert.AreEqual(20, pages.SelectMany(page => page.Letters).Select(letter => letter.Id).Distinct().Count());
    }

    [Case]
    [Rule("B5-84", "Dead letters are removed by query, and those that stay stay whole")]
    public async Task Letters_are_removed_by_query()
    {
        var (letters, _) = await StoredAsync(count: 10);
        var editor = new DeadLetterEditor(letters);
        var odd = new DeadLetterFilter { Tenants = ["b"] };

        var dry = await editor.PurgeAsync(odd, dryRun: true);
        Assert.AreEqual(10, await CountAsync(letters));
        var done = await editor.PurgeAsync(odd);

        Assert.AreEqual(dry, done);
        Assert.AreEqual(5L, done.Removed);
        var left = await letters.ReadAsync().ToListAsync();
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 5).Select(i => $"thread-{2 * i}").ToArray(), left.Select(letter => letter.Document.ThreadId).ToArray());
        await editor.PurgeAsync(new DeadLetterFilter());
        Assert.AreEqual(0, await CountAsync(letters));
    }

    [Case]
    [Rule("B5-85", "Messages are sent again by query or all, edited if need be; each comes back once, marked, under its key, in its partition")]
    public async Task Messages_are_sent_again_once_and_marked()
    {
        var (letters, source) = await StoredAsync(count: 6);
        var replayer = new DeadLetterReplayer(letters);
        var edited = (await letters.ReadAsync(new DeadLetterFilter { Threads = ["thread-2"] }).ToListAsync()).Single();
        await new DeadLetterEditor(letters).EditAsync(edited, new StreamRecord(edited.OriginalKey, Sample.Bytes("200"), edited.OriginalHeaders));

        var dry = await replayer.RunAsync(new DeadLetterReplayOptions { DryRun = true }).ToListAsync();
        var one = await replayer.RunAsync(new DeadLetterReplayOptions { Filter = new DeadLetterFilter { Threads = ["thread-4"] } }).ToListAsync();
        var cut = await replayer.RunAsync(new DeadLetterReplayOptions { Limit = 2 }).ToListAsync();
        var rest = await replayer.RunAsync().ToListAsync();
        var again = await replayer.RunAsync().ToListAsync();

        Assert.IsTrue(dry.Count == 6 && dry.All(replay => replay.Status == DeadLetterReplayStatus.WouldReplay));
        Assert.AreEqual(DeadLetterReplayStatus.Replayed, one.Single().Status);
        Assert.AreEqual(6, one.Concat(cut).Concat(rest).Count(replay => replay.Status == DeadLetterReplayStatus.Replayed));
        Assert.IsTrue(again.Count == 6 && again.All(replay => replay.Status == DeadLetterReplayStatus.AlreadyReplayed));
        var read = (await ReadAsync(source, 12)).Where(record => record.Headers.TryGet(DeadLetterHeaders.ReplayOf, out _)).ToList();
        Assert.AreEqual("0 1 3 4 5 200", string.Join(' ', read.Select(Sample.NumberOf).Order()));
        foreach (var record in read)
        {
            Assert.AreEqual("1", record.Headers.TryGet(DeadLetterHeaders.ReplayCount, out var times) ? times.Text : null);
            Assert.AreEqual("p1", record.Headers.TryGet("ds-producer", out var producer) ? producer.Text : null);
            var number = Sample.NumberOf(record) is 200 ? 2 : Sample.NumberOf(record);
            Assert.AreEqual($"thread-{number}", Sample.KeyOf(record));
            Assert.AreEqual(number % 2, record.Position!.Value.Partition);
        }
    }

    [Case]
    [Rule("B2-44", "A message that fails after every replay is not sent again for ever")]
    public async Task Replays_end_at_their_limit()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Text("poison", "k"));
        await using var sink = new ProviderDeadLetterSink(Provider);
        var letters = new DeadLetterReader(Provider, $"{topic}.dlq");
        var replays = new List<DeadLetterReplay>();
        for (var round = 0; round < 4; round++)
        {
            await sink.StoreAsync(Failed(topic, (await ReadAsync(topic, Math.Min(round, 2) + 1))[^1], DeadLetterStage.Handler));
            replays.AddRange(await new DeadLetterReplayer(letters).RunAsync(new DeadLetterReplayOptions { MaxReplays = 2 }).ToListAsync());
        }

        Assert.AreEqual(2, replays.Count(replay => replay.Status == DeadLetterReplayStatus.Replayed));
        Assert.IsTrue(replays.Where(replay => replay.Status == DeadLetterReplayStatus.Refused).All(replay => replay.Letter.ReplayCount == 2));
        await ReadAsync(topic, 3);
    }

    [Case]
    [Rule("DS-90", "A payload too long for its letter is sent again whole while the source still has it, and refused when it has not")]
    public async Task A_cut_payload_is_taken_from_its_source()
    {
        var payload = new byte[DeadLetterDocument.MaxPayloadBytes + 1];
        if (Capabilities.MaxRecordBytes < 2 * payload.Length)
        {
            Assert.Inconclusive("The provider takes no record of 1 MiB.");
        }

        new Random(1).NextBytes(payload);
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Value(payload));
        await using var sink = new ProviderDeadLetterSink(Provider);
        await sink.StoreAsync(Failed(topic, (await ReadAsync(topic, 1))[0], DeadLetterStage.Handler));
        var letters = new DeadLetterReader(Provider, $"{topic}.dlq");

        var whole = await new DeadLetterReplayer(letters).RunAsync().ToListAsync();
        await Provider.Admin.TrimAsync(topic, whole.Single().Position!.Value);
        var gone = await new DeadLetterReplayer(letters).RunAsync(new DeadLetterReplayOptions { Again = true }).ToListAsync();

        Expect.SameBytes(payload, (await ReadAsync(topic, 1))[0].Value!.Value, "payload");
        Assert.AreEqual((DeadLetterReplayStatus.Replayed, DeadLetterReplayStatus.Refused), (whole.Single().Status, gone.Single().Status));
    }

    [Case]
    [Rule("B8-10", "Letters may be kept in another store: the same tool finds them there and sends their messages back to where they came from")]
    public async Task Letters_of_one_store_are_kept_and_replayed_from_another()
    {
        var source = await CreateTopicAsync();
        await SendAsync(source, Sample.Text("poison", "k"));
        var elsewhere = await OpenProviderAsync(folder: NewStore());
        await using var sink = new ProviderDeadLetterSink(elsewhere);
        await sink.StoreAsync(Failed(source, (await ReadAsync(source, 1))[0], DeadLetterStage.Handler));
        var letters = new DeadLetterReader(elsewhere, $"{source}.dlq");

        var replays = await new DeadLetterReplayer(letters).RunAsync(new DeadLetterReplayOptions { Provider = Provider }).ToListAsync();

        Assert.AreEqual(DeadLetterReplayStatus.Replayed, replays.Single().Status);
        var read = await ReadAsync(source, 2);
        Expect.SameBytes(read[0].Value!.Value, read[1].Value!.Value, "message that was sent again");
        Assert.AreEqual("k", Sample.KeyOf(read[1]));
    }

    [Case]
    [Rule("DS-91", "A reader of dead letters that fails on each does not make dead letters of dead letters for ever")]
    public async Task Poison_letters_do_not_loop()
    {
        const int Count = 4;
        var (letters, _) = await StoredAsync(Count);
        await using var sink = new ProviderDeadLetterSink(Provider, new DeadLetterOptions { Topic = letters.Topic });
        await using (var consumer = await DashStreamConsumer.OpenAsync(Provider, letters.Topic, NewName(), new DashStreamConsumerOptions { DeadLetters = sink }))
        {
            var run = consumer.RunAsync((_, _) => throw new InvalidOperationException("fails on every letter"));
            await Waits.UntilAsync(
                async () =>
                {
                    await consumer.CommitAsync();
                    return (await consumer.GetProgressAsync()).Any(partition => partition.Committed is { } done && done + 1 >= partition.Bounds.End);
                },
                "the reader came to the end of the letters");
            await consumer.StopAsync(Waits.Positive);
            await Waits.EndsAsync(run, "the run ended");
        }

        Assert.AreEqual((long)Count, await CountAsync(letters));
    }

    private static DeadLetter Failed(string topic, StreamRecord record, DeadLetterStage stage) => new()
    {
        Stage = stage,
        SourceTopic = topic,
        Record = record,
        Error = new InvalidOperationException("it failed"),
        Attempts = 3,
        ClientId = "group",
    };

    private static async Task<StoredDeadLetter> SingleAsync(DeadLetterReader letters) => (await letters.ReadAsync().ToListAsync()).Single();

    private static async Task<long> CountAsync(DeadLetterReader letters) =>
        await letters.Provider.Admin.DescribeTopicAsync(letters.Topic) is null ? 0 : (await letters.CountAsync()).Letters;

    /// <summary>Letters about the records of a topic of two partitions: numbers as values, threads as keys, tenants and stages in turn.</summary>
    private async Task<(DeadLetterReader Letters, string Source)> StoredAsync(int count)
    {
        var source = await CreateTopicAsync(partitions: 2, name: "letters");
        await SendAsync(source, Enumerable.Range(0, count).Select(i =>
            new StreamRecord(Sample.Bytes($"thread-{i}"), Sample.Bytes($"{i}"), [new("ds-producer", "p1")]) { TargetPartition = i % 2 }));
        await using var sink = new ProviderDeadLetterSink(Provider);
        foreach (var record in (await ReadAsync(source, count)).OrderBy(Sample.NumberOf))
        {
            var number = Sample.NumberOf(record);
            await sink.StoreAsync(Failed(source, record, number % 2 == 0 ? DeadLetterStage.Handler : DeadLetterStage.Send) with
            {
                Message = new Protocol.Event { Header = new Protocol.Header { ThreadId = $"thread-{number}", TenantId = Tenants[number % 2] } },
            });
        }

        return (new DeadLetterReader(Provider, $"{source}.dlq"), source);
    }
}
