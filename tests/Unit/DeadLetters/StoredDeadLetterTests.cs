using System.Diagnostics;
using System.Text;
using DashStream.Protocol;

namespace DashStream.Tests.DeadLetters;

[TestClass]
public sealed class StoredDeadLetterTests
{
    private static readonly UInt128 WideOffset = ((UInt128)1_790_000_000_000 << 64) + 7;

    [TestMethod]
    public void A_message_that_was_read_can_be_restored_as_it_was()
    {
        var message = new StreamRecord(
            "thread-é"u8.ToArray(),
            new byte[] { 0, 1, 2 },
            [new("ds-producer", "p1"), new("X", new byte[] { 0xff, 0 }), new("x", "again"), new("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")],
            timestampUs: 123_456,
            new StreamPosition(3, WideOffset));

        var letter = Stored(Failed(message, DeadLetterStage.Handler));

        var restored = letter.ToOriginal();
        Assert.IsTrue(restored.Key.Span.SequenceEqual(message.Key.Span));
        Assert.IsTrue(restored.Value!.Value.Span.SequenceEqual(message.Value!.Value.Span));
        CollectionAssert.AreEqual(message.Headers.Select(Shown).ToList(), restored.Headers.Select(Shown).ToList());
        Assert.AreEqual((123_456, 3), (restored.TimestampUs, restored.TargetPartition));
        Assert.AreEqual(message.Position, letter.SourcePosition);
        Assert.AreEqual((3, -1L), (letter.Document.SourcePartition, letter.Document.SourceOffset), "The offset is too wide for the JSON.");
        Assert.AreEqual(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"), (letter.Document.ParentTraceId, letter.Document.SpanId));
    }

    [TestMethod]
    public void Stage_reason_and_attempts_are_headers_too_and_the_key_is_the_id()
    {
        var record = Create(Failed(Record("k", [1]), DeadLetterStage.Handler) with { Attempts = 4 });

        Assert.AreEqual("handler", record.Headers.TryGet(DeadLetterHeaders.Stage, out var stage) ? stage.Text : null);
        Assert.AreEqual("InvalidOperationException: boom", record.Headers.TryGet(DeadLetterHeaders.Reason, out var reason) ? reason.Text : null);
        var letter = StoredDeadLetter.Parse(record);
        Assert.AreEqual((4, 1, 0), (letter.Attempts, letter.Hops, letter.Edits));
        Assert.AreEqual(letter.Document.TraceId, Encoding.UTF8.GetString(record.Key.Span));
        Assert.IsTrue(Guid.TryParseExact(letter.Id, "D", out _));
    }

    [TestMethod]
    public void A_tombstone_an_empty_payload_and_no_key_stay_what_they_were()
    {
        Assert.IsNull(Stored(Failed(Record("k", null), DeadLetterStage.Handler)).ToOriginal().Value);

        var empty = Stored(Failed(Record("", []), DeadLetterStage.Decode)).ToOriginal();

        Assert.AreEqual((0, true), (empty.Value!.Value.Length, empty.Key.IsEmpty));
    }

    [TestMethod]
    public void A_failed_send_keeps_its_partition_only_when_it_was_bound_for_one()
    {
        var free = Stored(Failed(Record("k", [1]), DeadLetterStage.Send) with { ProviderName = "kafka" });
        var bound = Stored(Failed(new StreamRecord("k"u8.ToArray(), new byte[] { 1 }) { TargetPartition = 2 }, DeadLetterStage.Send));

        Assert.AreEqual((null, null, "kafka_send_error"), (free.OriginalPartition, free.SourcePosition, free.Document.ErrorType));
        Assert.AreEqual((2, "send_error"), (bound.OriginalPartition!.Value, bound.Document.ErrorType));
        Assert.AreEqual((-1, -1L), (bound.Document.SourcePartition, bound.Document.SourceOffset));
    }

    [TestMethod]
    public void Thread_tenant_and_node_are_told_where_they_are_known()
    {
        var message = new DashStreamMessage { Event = new Event { NodeId = "planner", Header = new Header { ThreadId = "t1", TenantId = "acme" } } };

        var known = Stored(Failed(Record("t1", [1]), DeadLetterStage.Handler) with { Message = message }).Document;
        var unknown = Stored(Failed(Record("t2", [1]), DeadLetterStage.Decode)).Document;
        var binary = Stored(Failed(new StreamRecord(new byte[] { 0xff }, new byte[] { 1 }), DeadLetterStage.Decode)).Document;

        Assert.AreEqual(("t1", "acme", "planner"), (known.ThreadId, known.TenantId, known.NodeId));
        Assert.AreEqual(("t2", null, null), (unknown.ThreadId, unknown.TenantId, unknown.NodeId));
        Assert.IsNull(binary.ThreadId);
    }

    [TestMethod]
    [DataRow(CodecFailure.Empty, "io_error")]
    [DataRow(CodecFailure.UnknownFrame, "invalid_format")]
    [DataRow(CodecFailure.TooLarge, "invalid_format")]
    [DataRow(CodecFailure.DecompressedTooLarge, "decompression_error")]
    [DataRow(CodecFailure.Truncated, "decompression_error")]
    [DataRow(CodecFailure.Checksum, "decompression_error")]
    [DataRow(CodecFailure.LibraryMissing, "decompression_error")]
    [DataRow(CodecFailure.Protobuf, "decode_error")]
    [DataRow(CodecFailure.SchemaVersion, "schema_error")]
    [DataRow(CodecFailure.MissingHeader, "schema_error")]
    public void Undecodable_bytes_have_the_originals_error_type(CodecFailure failure, string errorType)
    {
        var letter = Failed(Record("k", [1]), DeadLetterStage.Decode) with { Error = new CodecException(failure, "bad bytes") };

        Assert.AreEqual(errorType, Stored(letter).Document.ErrorType);
    }

    [TestMethod]
    public void The_running_activity_is_the_trace_when_the_record_has_none()
    {
        using var activity = new Activity("handle").SetIdFormat(ActivityIdFormat.W3C).Start();

        var document = Stored(Failed(Record("k", [1]), DeadLetterStage.Handler)).Document;

        Assert.AreEqual((activity.TraceId.ToHexString(), activity.SpanId.ToHexString()), (document.ParentTraceId, document.SpanId));
    }

    [TestMethod]
    public void Error_texts_are_scrubbed_and_bounded_wherever_they_stand()
    {
        var secret = "sk-" + new string('a', 40);
        var options = new DeadLetterOptions { MaxErrorLength = 200, Scrub = text => text.Replace(secret, "[gone]", StringComparison.Ordinal) };
        var letter = Failed(Record("k", [1]), DeadLetterStage.Handler) with
        {
            Error = new InvalidOperationException(new string('x', 140) + secret + new string('y', 10_000), Thrown($"inner {secret}")),
        };

        var record = Create(letter, options);

        Assert.DoesNotContain("aaaaaaaa", Encoding.UTF8.GetString(record.Value!.Value.Span));
        Assert.IsFalse(record.Headers.Any(header => header.Text.Contains("aaaaaaaa", StringComparison.Ordinal)));
        var stored = StoredDeadLetter.Parse(record);
        Assert.IsLessThanOrEqualTo(200, stored.Document.Error.Length);
        Assert.Contains("[gone]", stored.Document.Error);
        Assert.IsLessThanOrEqualTo(512, stored.Reason.Length);
    }

    [TestMethod]
    public void A_scrubber_that_fails_lets_nothing_through()
    {
        var options = new DeadLetterOptions { Scrub = _ => throw new TimeoutException("too slow on secret-1") };
        var letter = Failed(Record("k", [1]), DeadLetterStage.Handler) with { Error = Thrown("secret-1") };

        var record = Create(letter, options);

        var written = Encoding.UTF8.GetString(record.Value!.Value.Span) + string.Concat(record.Headers.Select(header => header.Text));
        Assert.DoesNotContain("secret-1", written);
    }

    [TestMethod]
    public void A_letter_larger_than_the_provider_takes_is_cut_further()
    {
        var payload = new byte[100_000];
        Random.Shared.NextBytes(payload);
        var message = new StreamRecord("k"u8.ToArray(), payload, [new("h", new byte[1000])]);

        var record = new DeadLetterRecords(new DeadLetterOptions(), TimeProvider.System).Create(Failed(message, DeadLetterStage.Decode), 20_000);

        Assert.IsLessThanOrEqualTo(20_000L, record.SizeBytes);
        var letter = StoredDeadLetter.Parse(record);
        Assert.IsTrue(letter.Document.IsTruncated);
        Assert.IsGreaterThan(10_000, letter.Document.Payload.Length);
        Assert.IsTrue(letter.Document.IsPayload(payload));
        Assert.HasCount(1, letter.OriginalHeaders);
        Assert.AreEqual(StreamErrorKind.TooLarge, Assert.ThrowsExactly<StreamException>(letter.ToOriginal).Kind);
    }

    [TestMethod]
    public void Headers_that_find_no_room_are_counted()
    {
        var message = new StreamRecord("k"u8.ToArray(), new byte[100], [new("h", new byte[50_000]), new("i", "1")]);

        var record = new DeadLetterRecords(new DeadLetterOptions(), TimeProvider.System).Create(Failed(message, DeadLetterStage.Decode), 20_000);

        Assert.IsLessThanOrEqualTo(20_000L, record.SizeBytes);
        Assert.AreEqual("2", record.Headers.TryGet(DeadLetterHeaders.HeadersLeftOut, out var left) ? left.Text : null);
        Assert.HasCount(100, StoredDeadLetter.Parse(record).ToOriginal().Value!.Value.ToArray());
    }

    [TestMethod]
    public void A_letter_of_the_original_tells_its_stage_and_place_without_headers()
    {
        var json = GoldenData.JsonLines(GoldenData.Trimmed("golden", "dlq.jsonl")).Select(line => line.GetProperty("record").GetString()!).ElementAt(1);

        var letter = StoredDeadLetter.Parse(new StreamRecord("trace-1"u8.ToArray(), Encoding.UTF8.GetBytes(json)));

        Assert.AreEqual((DeadLetterStage.Decode, new StreamPosition(1, 1001), 1), (letter.Stage, letter.SourcePosition, letter.OriginalPartition));
        Assert.AreEqual("thread-é", Encoding.UTF8.GetString(letter.ToOriginal().Key.Span));
        Assert.HasCount(1, letter.ToOriginal().Value!.Value.ToArray());
    }

    [TestMethod]
    public void A_letter_about_a_letter_counts_its_hops()
    {
        var inner = Create(Failed(Record("k", [1]), DeadLetterStage.Decode));
        var read = new StreamRecord(inner.Key, inner.Value, inner.Headers, 1, new StreamPosition(0, 5));

        var outer = Stored(Failed(read, DeadLetterStage.Handler));

        Assert.AreEqual(2, outer.Hops);
        Assert.AreEqual(1, StoredDeadLetter.Parse(outer.ToOriginal()).Hops);
    }

    internal static DeadLetter Failed(StreamRecord record, DeadLetterStage stage) => new()
    {
        Stage = stage,
        SourceTopic = "events",
        Record = record,
        Error = new InvalidOperationException("boom"),
        Attempts = 3,
        ClientId = "group",
    };

    internal static StreamRecord Record(string key, byte[]? value) => new(Encoding.UTF8.GetBytes(key), value);

    internal static StreamRecord Create(DeadLetter letter, DeadLetterOptions? options = null) =>
        new DeadLetterRecords(options ?? new DeadLetterOptions(), TimeProvider.System).Create(letter, int.MaxValue);

    private static StoredDeadLetter Stored(DeadLetter letter) => StoredDeadLetter.Parse(Create(letter));

    private static string Shown(StreamHeader header) => $"{header.Name}={Convert.ToHexString(header.Value.Span)}";

    private static InvalidOperationException Thrown(string message)
    {
        try
        {
            throw new InvalidOperationException(message);
        }
        catch (InvalidOperationException e)
        {
            return e;
        }
    }
}
