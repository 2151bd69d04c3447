using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DashStream.Tests.DeadLetters;

[TestClass]
public sealed class DeadLetterDocumentTests
{
    private const int Limit = 512 * 1024;

    [TestMethod]
    public void The_originals_letters_come_out_as_they_went_in() => AssertGolden(GoldenData.Trimmed("golden", "dlq.jsonl"));

    [TestMethod]
    public void The_originals_letters_of_the_shared_data_come_out_as_they_went_in() => AssertGolden(GoldenData.Shared("golden", "dlq.jsonl"));

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(Limit - 1)]
    [DataRow(Limit)]
    public void A_payload_up_to_512_KiB_is_whole(int size)
    {
        var payload = Payload(size);

        var letter = Parse(Letter().WithPayload(payload).ToJson());

        Assert.IsFalse(letter.IsTruncated);
        Assert.IsTrue(letter.Payload.Span.SequenceEqual(payload));
        Assert.AreEqual(size, letter.FullSizeBytes);
        Assert.DoesNotContain("original_payload_s", Encoding.UTF8.GetString(letter.ToJson()));
    }

    [TestMethod]
    [DataRow(Limit + 1)]
    [DataRow(Limit + 2)]
    [DataRow(3 * Limit)]
    public void A_longer_payload_is_cut_and_tells_its_size_and_hash(int size)
    {
        var payload = Payload(size);

        var json = Letter().WithPayload(payload).ToJson();

        var members = JsonDocument.Parse(json).RootElement.EnumerateObject().Select(member => member.Name).Take(6).ToArray();
        CollectionAssert.AreEqual(
            new[]
            {
                "original_payload_base64", "original_payload_size_bytes", "original_payload_included_bytes", "original_payload_truncated",
                "original_payload_sha256", "error",
            },
            members);
        var letter = Parse(json);
        Assert.IsTrue(letter.IsTruncated);
        Assert.AreEqual((size, (long?)Limit), (letter.FullSizeBytes, letter.PayloadIncludedBytes));
        Assert.IsTrue(letter.Payload.Span.SequenceEqual(payload.AsSpan(0, Limit)));
        Assert.AreEqual(Convert.ToHexStringLower(SHA256.HashData(payload)), letter.PayloadSha256);
        Assert.IsTrue(letter.IsPayload(payload));
        Assert.IsFalse(letter.IsPayload(payload.AsSpan(0, size - 1)));
    }

    [TestMethod]
    public void A_cut_letter_without_hash_cannot_be_checked()
    {
        var letter = Letter().WithPayload(Payload(Limit + 1)) with { PayloadSha256 = null };

        var error = Assert.ThrowsExactly<StreamException>(() => letter.IsPayload([]));

        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
    }

    [TestMethod]
    [DataRow("plain", "plain")]
    [DataRow("\"\\/<>&'+`", "\\\"\\\\/<>&'+`")]
    [DataRow("\b\f\n\r\t\u0000\u001f\u007f\u0085", "\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\u0085")]
    [DataRow("é\u2028\u2029\ufeff日本\U0001F600", "é\u2028\u2029\ufeff日本\U0001F600")]
    public void Texts_are_escaped_as_the_original_does(string text, string escaped)
    {
        var json = (Letter() with { Error = text, ThreadId = text }).ToJson();

        var written = Encoding.UTF8.GetString(json);
        Assert.Contains($"\"error\":\"{escaped}\",", written);
        Assert.Contains($"\"thread_id\":\"{escaped}\",", written);
        Assert.AreEqual(text, Parse(json).Error);
    }

    [TestMethod]
    public void Every_optional_member_stands_in_its_place()
    {
        var letter = Letter() with { ThreadId = "t", TenantId = "", NodeId = "n", ParentTraceId = "p", SpanId = "s" };

        var json = Encoding.UTF8.GetString(letter.ToJson());

        Assert.AreEqual(
            """{"original_payload_base64":"","error":"e","source_topic":"events","source_partition":-1,"source_offset":-1,"""
            + "\"timestamp\":\"2026-01-01T00:00:00+00:00\",\"consumer_id\":\"g\",\"thread_id\":\"t\",\"tenant_id\":\"\",\"error_type\":\"decode_error\","
            + "\"trace_id\":\"id\",\"node_id\":\"n\",\"parent_trace_id\":\"p\",\"span_id\":\"s\"}",
            json);
    }

    [TestMethod]
    public void Unknown_members_nulls_and_another_order_are_read()
    {
        const string json = """
            { "new_member": {"a": [1]}, "trace_id": "id", "error_type": "x", "consumer_id": "c", "timestamp": "2026-01-01T00:00:00Z", "source_offset": 5,
              "source_partition": 1, "source_topic": "t", "error": "e", "original_payload_base64": "AA==", "thread_id": null }
            """;

        var letter = Parse(Encoding.UTF8.GetBytes(json));

        Assert.AreEqual(("id", null, 5L, "2026-01-01T00:00:00Z"), (letter.TraceId, letter.ThreadId, letter.SourceOffset, letter.Timestamp));
        Assert.AreEqual(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), letter.Time);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("[]")]
    [DataRow("null")]
    [DataRow("{}")]
    [DataRow("{\"original_payload_base64\":\"AA==\"}")]
    [DataRow("{\"original_payload_base64\":\"not base64!\",\"error\":\"e\"}")]
    [DataRow("{\"original_payload_base64\":5}")]
    [DataRow("{\"original_payload_base64\":\"\",\"error\":\"\\ud800\"}")]
    public void What_is_no_letter_is_refused_as_damaged(string json)
    {
        var error = Assert.ThrowsExactly<StreamException>(() => Parse(Encoding.UTF8.GetBytes(json)));

        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
    }

    [TestMethod]
    [DataRow(0, "2026-03-04T05:06:07+00:00")]
    [DataRow(1_230_000, "2026-03-04T05:06:07.123+00:00")]
    [DataRow(1_234_560, "2026-03-04T05:06:07.123456+00:00")]
    [DataRow(1_234_567, "2026-03-04T05:06:07.123456700+00:00")]
    public void Times_have_as_many_digits_as_the_original_would_write(int ticks, string text)
    {
        var time = new DateTimeOffset(2026, 3, 4, 7, 6, 7, TimeSpan.FromHours(2)).AddTicks(ticks);

        Assert.AreEqual(text, DeadLetterTime.Text(time));
        Assert.AreEqual(time, DeadLetterTime.Parse(text));
    }

    private static void AssertGolden(string file)
    {
        var lines = 0;
        foreach (var line in GoldenData.JsonLines(file))
        {
            var record = line.GetProperty("record").GetString()!;
            var payload = Payload(line.GetProperty("payload_bytes").GetInt32());

            var letter = Parse(Encoding.UTF8.GetBytes(record));

            Assert.AreEqual(record, Encoding.UTF8.GetString(letter.ToJson()));
            Assert.AreEqual(record, Encoding.UTF8.GetString((letter with { Payload = default }).WithPayload(payload).ToJson()));
            Assert.IsTrue(letter.IsPayload(payload));
            Assert.IsNotNull(letter.Time);
            lines++;
        }

        Assert.IsGreaterThan(0, lines);
    }

    private static byte[] Payload(int size) => [.. Enumerable.Range(0, size).Select(k => (byte)(k * 31L % 251))];

    private static DeadLetterDocument Parse(byte[] json) => DeadLetterDocument.Parse(json);

    private static DeadLetterDocument Letter() => new()
    {
        Payload = default,
        Error = "e",
        SourceTopic = "events",
        SourcePartition = -1,
        SourceOffset = -1,
        Timestamp = "2026-01-01T00:00:00+00:00",
        ConsumerId = "g",
        ErrorType = "decode_error",
        TraceId = "id",
    };
}
