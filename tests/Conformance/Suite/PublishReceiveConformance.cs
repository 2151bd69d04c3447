namespace DashStream.Conformance;

/// <summary>What is sent is received, whole, once, in order, by everyone who reads.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class PublishReceiveConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    [Case]
    [Rule("B1-1", "A hundred records come back with key, value, headers and time as they were sent")]
    [Rule("B1-15", "Every part of a record is kept")]
    public async Task Hundred_records_come_back_as_they_were_sent()
    {
        var topic = await CreateTopicAsync();
        var sent = Enumerable.Range(0, 100)
            .Select(i => Sample.Text($"value-{i}", $"key-{i}", [new StreamHeader("n", $"{i}"), new StreamHeader("kind", "sample")], Sample.TimeUs + (i * 1_000_000L)))
            .ToList();

        await SendAsync(topic, sent);

        var read = await ReadAsync(topic, sent.Count);
        for (var i = 0; i < sent.Count; i++)
        {
            Expect.Same(sent[i], read[i], Capabilities);
        }
    }

    [Case]
    [Rule("B1-2", "A record that is read lies at the position its send returned")]
    public async Task A_record_lies_where_its_send_said()
    {
        var topic = await CreateTopicAsync(partitions: 3);
        var sent = Sample.Numbered(30, keys: 7);

        var positions = await SendAsync(topic, sent);

        foreach (var record in await ReadAsync(topic, sent.Count))
        {
            Assert.AreEqual(positions[Sample.NumberOf(record)], record.Position);
        }
    }

    [Case]
    [Rule("B8-8", "A position compares with others of its partition, grows, and is nothing that a user computes")]
    [Rule("DS-1", "Positions grow with every append of a partition, and their text form reads back")]
    public async Task Positions_grow_and_round_trip_as_text()
    {
        var topic = await CreateTopicAsync();

        var positions = await SendAsync(topic, Sample.Numbered(50));

        for (var i = 1; i < positions.Count; i++)
        {
            Assert.IsTrue(positions[i - 1] < positions[i], $"{positions[i]} was to lie behind {positions[i - 1]}.");
            Assert.AreEqual(positions[i], StreamPosition.Parse(positions[i].ToString()));
        }
    }

    [Case]
    [Rule("B1-5", "Many readers at once each get every record")]
    public async Task Many_readers_each_get_everything()
    {
        const int readers = 10;
        var count = Load.Of(500);
        var topic = await CreateTopicAsync(partitions: 2);
        var reading = Enumerable.Range(0, readers).Select(_ => ReadAsync(topic, count)).ToList();

        await SendAsync(topic, Sample.Numbered(count, keys: 10));

        foreach (var records in await Task.WhenAll(reading))
        {
            Expect.EachOnce(count, records);
        }
    }

    [Case]
    [Rule("B1-6", "Two readers of one topic both get every record, in order")]
    [Rule("B3-46", "A reader of one partition gets the order of the log")]
    public async Task Two_readers_both_get_everything_in_order()
    {
        var topic = await CreateTopicAsync();
        var first = await OpenReaderAsync(topic);
        var second = await OpenReaderAsync(topic);

        await SendAsync(topic, Sample.Numbered(200));

        Expect.Sequence(0, 200, await Collect.ExactlyAsync(first, 200));
        Expect.Sequence(0, 200, await Collect.ExactlyAsync(second, 200));
    }

    [Case]
    [Rule("B1-18", "Sends from many threads lose nothing and get positions of their own")]
    public async Task Sends_from_many_threads_lose_nothing()
    {
        const int threads = 8;
        var each = Load.Of(250);
        var topic = await CreateTopicAsync(partitions: 4);
        var producer = await OpenProducerAsync(topic);

        var sending = Enumerable.Range(0, threads).Select(thread => Task.Factory.StartNew(
            () => producer.SendAllAsync(Sample.Numbered(each, keys: 16, from: thread * each)), TaskCreationOptions.LongRunning).Unwrap());
        var positions = (await Task.WhenAll(sending)).SelectMany(found => found).ToList();

        Assert.HasCount(threads * each, positions.ToHashSet());
        Expect.EachOnce(threads * each, await ReadAsync(topic, threads * each));
    }

    [Case]
    [Rule("B1-19", "On a clean run every record comes exactly once")]
    public async Task Each_record_comes_once_on_a_clean_run()
    {
        var count = Load.Of(2_000);
        var topic = await CreateTopicAsync(partitions: 4);
        var reader = await OpenReaderAsync(topic);

        await SendAsync(topic, Sample.Numbered(count, keys: 50));

        Expect.EachOnce(count, await Collect.ExactlyAsync(reader, count));
        await Collect.NothingAsync(reader);
    }

    [Case]
    [Rule("B1-20", "Reading an empty topic returns nothing, in bounded time and without an error")]
    public async Task Reading_an_empty_topic_returns_nothing_in_time()
    {
        var reader = await OpenReaderAsync(await CreateTopicAsync());

        var atOnce = await Waits.WithinAsync(reader.ReadAsync(TimeSpan.Zero).AsTask(), "a read without waiting returns");
        var later = await Waits.WithinAsync(reader.ReadAsync(Waits.Negative).AsTask(), "a short read returns");

        Assert.IsEmpty(atOnce.Records);
        Assert.IsEmpty(later.Records);
        Assert.IsEmpty(later.Gaps);
    }

    [Case]
    [Rule("DS-2", "A read without waiting returns what is there")]
    public async Task A_read_without_waiting_returns_what_is_there()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Numbered(3));
        var reader = await OpenReaderAsync(topic);
        var read = new List<StreamRecord>();

        await Waits.UntilAsync(
            async () =>
            {
                read.AddRange((await reader.ReadAsync(TimeSpan.Zero)).Records);
                return read.Count == 3;
            },
            "three records are read without waiting");

        Expect.Sequence(0, 3, read);
    }

    [Case]
    [Rule("DS-3", "A waiting read wakes when a record is sent")]
    public async Task A_waiting_read_wakes_when_a_record_comes()
    {
        var topic = await CreateTopicAsync();
        var reader = await OpenReaderAsync(topic);
        var reading = reader.ReadAsync(TimeSpan.FromMinutes(10)).AsTask();
        await Task.Delay(Waits.Negative);
        Assert.IsFalse(reading.IsCompleted, "There was nothing to read yet.");

        await SendAsync(topic, Sample.Text("0"));

        Expect.Sequence(0, 1, (await Waits.WithinAsync(reading, "the read wakes")).Records);
    }

    [Case]
    [Rule("DS-4", "A second read at the same time is refused, and the first is not disturbed")]
    public async Task A_second_read_at_the_same_time_is_refused()
    {
        var topic = await CreateTopicAsync();
        var reader = await OpenReaderAsync(topic);
        var reading = reader.ReadAsync(TimeSpan.FromMinutes(10)).AsTask();

        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => reader.ReadAsync(TimeSpan.Zero).AsTask());

        await SendAsync(topic, Sample.Text("0"));
        Expect.Sequence(0, 1, (await Waits.WithinAsync(reading, "the first read goes on")).Records);
    }

    [Case]
    [Rule("B1-21", "Records sent before a reader opens are delivered to one that starts at the beginning")]
    [Rule("B3-54", "A new reader gets the old records when it asks for them")]
    [Rule("B3-67i", "The backlog is delivered, or not, as the reader asked")]
    public async Task A_backlog_is_delivered_from_the_beginning()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        await SendAsync(topic, Sample.Numbered(100, keys: 5));

        var reader = await OpenReaderAsync(topic, SeekTarget.Beginning);

        Expect.EachOnce(100, await Collect.ExactlyAsync(reader, 100));
    }

    [Case]
    [Rule("B1-21", "Records sent before a reader opens are not delivered to one that starts at the end")]
    [Rule("B3-67i", "The backlog is delivered, or not, as the reader asked")]
    public async Task A_backlog_is_not_delivered_from_the_end()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Numbered(100));

        var reader = await OpenReaderAsync(topic, SeekTarget.End);

        await Collect.NothingAsync(reader);
        await SendAsync(topic, Sample.Numbered(10, from: 100));
        Expect.Sequence(100, 10, await Collect.ExactlyAsync(reader, 10));
    }

    [Case]
    [Rule("DS-5", "A flush returns when every earlier send is decided, and counts them since the flush before")]
    public async Task A_flush_returns_when_every_earlier_send_is_decided()
    {
        var producer = await OpenProducerAsync(await CreateTopicAsync());
        var sends = Sample.Numbered(500).Select(record => producer.SendAsync(record).AsTask()).ToList();

        var receipt = await producer.FlushAsync();

        Assert.AreEqual(new FlushReceipt(500, 0, 0), receipt);
        await Waits.WithinAsync(Task.WhenAll(sends), "the sends are decided");
        Assert.AreEqual(new FlushReceipt(0, 0, 0), await producer.FlushAsync());
    }

    [Case]
    [Rule("DS-6", "A reader alone is assigned the partitions it asked for, and reads no other")]
    public async Task A_reader_of_some_partitions_reads_no_other()
    {
        var topic = await CreateTopicAsync(partitions: 4);
        await SendAsync(topic, Sample.Dealt(40, partitions: 4));

        var reader = await OpenReaderAsync(topic, partitions: [1, 3]);

        Expect.Partitions(reader.Assignment, 1, 3);
        var read = await Collect.ExactlyAsync(reader, 20);
        Assert.IsTrue(read.All(record => record.Position!.Value.Partition is 1 or 3));
        await Collect.NothingAsync(reader);
    }
}
