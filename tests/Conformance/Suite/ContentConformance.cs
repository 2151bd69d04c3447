using System.Text;

namespace DashStream.Conformance;

/// <summary>Bytes, names and times are kept exactly as they were given.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class ContentConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private static readonly byte[] EveryByte = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

    // Names and values that somebody, somewhere, takes apart.
    private static readonly string[] Shapes =
    [
        "'; DROP TABLE records; --", "\" OR \"1\"=\"1", "%s%n%x", "{0}", "$(reboot)", "`id`", "../../etc/passwd", "C:\\NUL", "<b>&amp;</b>", "\r\nX-Evil: 1",
        "\t\u0001\u001f", "{\"a\":null}", "*", "?", "a,b;c:d=e", " ", "NULL", "\u202eabc", "\ufeff",
    ];

    [Case]
    [Rule("B1-8", "A JSON body and its content type come back as they were")]
    public async Task A_json_body_comes_back()
    {
        var sent = Sample.Text("""{"agent":"planner","步骤":[1,2.5,null,"\u0000"]}""", headers: [new StreamHeader("content-type", "application/json")]);

        Expect.Same(sent, await SendAndReadAsync(sent), Capabilities);
    }

    [Case]
    [Rule("B1-9", "Bytes that are not text come back exactly")]
    [Rule("B1-10", "Binary key, value and header values are exact")]
    public async Task Binary_content_is_exact()
    {
        var sent = new StreamRecord(EveryByte, EveryByte.Reverse().ToArray(), [new StreamHeader("bytes", EveryByte)]);

        Expect.Same(sent, await SendAndReadAsync(sent), Capabilities);
    }

    [Case]
    [Rule("B1-10", "Headers are found whatever the case of their name, the last of a name first")]
    public async Task Headers_are_found_whatever_their_case()
    {
        var sent = Sample.Text("0", headers: [new StreamHeader("Content-Type", "first"), new StreamHeader("content-type", "last")]);

        var read = await SendAndReadAsync(sent);

        Assert.IsTrue(read.Headers.TryGet("CONTENT-TYPE", out var header));
        Assert.AreEqual("last", header.Text);
    }

    [Case]
    [Rule("B1-11", "Text in any encoding comes back as the same bytes")]
    [Rule("B1-16", "What a serializer wrote is what another one reads: providers change no byte for any content type")]
    public async Task Text_in_any_encoding_is_the_same_bytes()
    {
        const string text = "Grüße, 世界 \U0001F680";
        foreach (var encoding in new[] { Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32, Encoding.Latin1 })
        {
            var bytes = encoding.GetPreamble().Concat(encoding.GetBytes(text)).ToArray();
            var sent = new StreamRecord(default, bytes, [new StreamHeader("content-type", $"text/plain; charset={encoding.WebName}")]);

            Expect.Same(sent, await SendAndReadAsync(sent), Capabilities);
        }
    }

    [Case]
    [Rule("B1-12", "Odd header names and values are kept as they are")]
    [Rule("B6-99", "Names and values shaped like injections are inert")]
    public async Task Odd_keys_names_and_values_are_kept()
    {
        var topic = await CreateTopicAsync();
        var sent = Shapes.Select(shape => Sample.Text(shape, shape, [new StreamHeader(shape, shape)])).ToList();

        await SendAsync(topic, sent);

        var read = await ReadAsync(topic, sent.Count);
        for (var i = 0; i < sent.Count; i++)
        {
            Expect.Same(sent[i], read[i], Capabilities);
        }
    }

    [Case]
    [Rule("B1-12", "Header names and texts that UTF-8 cannot hold are refused, not mangled")]
    public void Header_names_that_cannot_be_stored_are_refused()
    {
        foreach (var name in new[] { "", "nul\0inside", "lone\ud800", "\udc00lone" })
        {
            Assert.Throws<ArgumentException>(() => new StreamHeader(name, "value"), $"The name '{name}' was to be refused.");
        }

        Assert.Throws<ArgumentException>(() => new StreamHeader("name", "lone\ud800"));
    }

    [Case]
    [Rule("B1-13", "Headers keep their order and their duplicates")]
    [Rule("B1-23", "Source and correlation tags travel with the record")]
    public async Task Headers_keep_order_and_duplicates()
    {
        StreamHeaders headers =
        [
            new("z", "1"), new("a", "2"), new("z", "3"), new("Z", "4"), new("a", "2"), new("ds-source", "planner"), new("correlation-id", "c-17"), new("z", ""),
        ];

        var read = await SendAndReadAsync(Sample.Text("0", headers: headers));

        Expect.SameHeaders(headers, read.Headers);
    }

    [Case]
    [Rule("B7-127", "Unicode in header names and values is exact, and not normalised")]
    public async Task Unicode_headers_are_exact()
    {
        StreamHeaders headers =
        [
            new("名前", "値"), new("é", "composed"), new("e\u0301", "decomposed"), new("\U0001F680", "\U0001F468\u200D\U0001F469\u200D\U0001F466"), new("عنوان", "نص"),
        ];

        var read = await SendAndReadAsync(Sample.Text("0", headers: headers));

        Expect.SameHeaders(headers, read.Headers);
    }

    [Case]
    [Rule("DS-7", "A hundred headers and a header of 64 KiB come back")]
    public async Task Many_and_large_headers_come_back()
    {
        var large = new byte[64 * 1024];
        new Random(1).NextBytes(large);
        StreamHeaders headers = [.. Enumerable.Range(0, 100).Select(i => new StreamHeader($"h{i}", $"{i}")), new StreamHeader("large", large)];

        var read = await SendAndReadAsync(Sample.Text("0", headers: headers));

        Expect.SameHeaders(headers, read.Headers);
    }

    [Case]
    [Rule("B1-14", "A null value (a tombstone) and an empty value stay different")]
    public async Task Null_and_empty_values_stay_different()
    {
        var topic = await CreateTopicAsync();

        await SendAsync(topic, [Sample.Value(null), Sample.Value([]), Sample.Value([0])]);

        var read = await ReadAsync(topic, 3);
        Assert.IsNull(read[0].Value, "A null value was to stay null.");
        Assert.AreEqual(0, read[1].Value?.Length, "An empty value was to stay empty.");
        Assert.AreEqual(1, read[2].Value?.Length);
    }

    [Case]
    [Rule("DS-8", "An empty key stays empty, and a header may have no bytes")]
    public async Task Empty_key_and_empty_header_value_stay_empty()
    {
        var read = await SendAndReadAsync(new StreamRecord(default, null, [new StreamHeader("empty", ReadOnlyMemory<byte>.Empty)]));

        Assert.IsTrue(read.Key.IsEmpty);
        Assert.AreEqual(1, read.Headers.Count);
        Assert.IsTrue(read.Headers[0].Value.IsEmpty);
    }

    [Case]
    [Rule("B1-22", "The trace context of the sender reaches the reader")]
    public async Task Trace_context_crosses()
    {
        const string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        StreamHeaders headers = [new("traceparent", parent), new("tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")];

        var read = await SendAndReadAsync(Sample.Text("0", headers: headers));

        Assert.IsTrue(read.Headers.TryGet("traceparent", out var header));
        Assert.AreEqual(parent, header.Text);
        Expect.SameHeaders(headers, read.Headers);
    }

    [Case]
    [Rule("DS-9", "Times are kept in the declared resolution, in whatever order they come")]
    public async Task Times_are_kept_in_the_declared_resolution()
    {
        var topic = await CreateTopicAsync();
        long[] times = [Sample.TimeUs, Sample.TimeUs + 1, Sample.TimeUs - 86_400_000_000, 1_000, 253_402_300_799_999_999];

        await SendAsync(topic, times.Select(time => Sample.Text("0", timestampUs: time)));

        var step = Capabilities.TimestampResolutionUs;
        var read = await ReadAsync(topic, times.Length);
        CollectionAssert.AreEqual(times.Select(time => time / step).ToArray(), read.Select(record => record.TimestampUs / step).ToArray());
    }

    [Case]
    [Rule("DS-10", "A record sent without a time gets the provider's")]
    public async Task A_record_without_a_time_gets_the_providers()
    {
        var read = await SendAndReadAsync(Sample.Text("0"));

        var apart = TimeSpan.FromMicroseconds(Math.Abs(Sample.NowUs() - read.TimestampUs));
        Assert.IsLessThan(TimeSpan.FromMinutes(5), apart, "The provider's clock was to be near ours.");
    }

    [Case]
    [Rule("B1-24", "A record of exactly the declared maximum passes")]
    public async Task A_record_of_the_declared_maximum_passes()
    {
        var sent = OfSize(Capabilities.MaxRecordBytes);

        Expect.Same(sent, await SendAndReadAsync(sent), Capabilities);
    }

    [Case]
    [Rule("B1-24", "A record over the declared maximum is refused, and nothing of it is stored")]
    [Rule("B7-128a", "What is over the limit is refused as such")]
    public async Task A_record_over_the_declared_maximum_is_refused()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);

        await Expect.RefusalAsync(StreamErrorKind.TooLarge, () => producer.SendAsync(OfSize(Capabilities.MaxRecordBytes + 1)).AsTask());

        await producer.SendAsync(Sample.Text("0"));
        Expect.Sequence(0, 1, await ReadAsync(topic, 1));
    }

    [Case]
    [Rule("DS-11", "A sender may use its memory again once the send has completed")]
    public async Task Memory_of_a_sent_record_may_be_used_again()
    {
        var topic = await CreateTopicAsync();
        var producer = await OpenProducerAsync(topic);
        byte[] key = [1], value = [2], header = [3];
        await producer.SendAsync(new StreamRecord(key, value, [new StreamHeader("h", header)]));

        (key[0], value[0], header[0]) = (9, 9, 9);

        var read = (await ReadAsync(topic, 1))[0];
        Assert.AreEqual((1, 2, 3), (read.Key.Span[0], read.Value!.Value.Span[0], read.Headers[0].Value.Span[0]));
    }

    [Case]
    [Rule("DS-12", "A record that was read stays as it was for as long as it is held")]
    public async Task Memory_of_a_read_record_stays()
    {
        var topic = await CreateTopicAsync();
        await SendAsync(topic, Sample.Numbered(500, keys: 3));
        var reader = await OpenReaderAsync(topic, maxRecords: 10);

        var read = await Collect.ExactlyAsync(reader, 500);
        await reader.DisposeAsync();
        await Provider.DisposeAsync();

        Expect.Sequence(0, 500, read);
        Assert.IsTrue(read.All(record => Sample.KeyOf(record) == $"key-{Sample.NumberOf(record) % 3}"));
    }

    private static StreamRecord OfSize(long bytes)
    {
        var value = new byte[bytes - 5];
        new Random(1).NextBytes(value);
        return new StreamRecord("key"u8.ToArray(), value, [new StreamHeader("h", "1")]);
    }
}
