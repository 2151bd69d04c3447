using DashStream.Protocol;

namespace DashStream.Tests.Codec;

/// <summary>Which schema versions are accepted, and the texts of refusals.</summary>
[TestClass]
public sealed class SchemaPolicyTests
{
    [TestMethod]
    [DataRow(SchemaCompatibility.Exact, 0u, null)]
    [DataRow(SchemaCompatibility.Exact, 1u, null)]
    [DataRow(SchemaCompatibility.Exact, 2u, "Schema version mismatch: expected v1, got v2")]
    [DataRow(SchemaCompatibility.Exact, 999u, "Schema version mismatch: expected v1, got v999")]
    [DataRow(SchemaCompatibility.ForwardCompatible, 0u, null)]
    [DataRow(SchemaCompatibility.ForwardCompatible, 1u, null)]
    [DataRow(SchemaCompatibility.ForwardCompatible, 999u, null)]
    [DataRow(SchemaCompatibility.BackwardCompatible, 0u, null)]
    [DataRow(SchemaCompatibility.BackwardCompatible, 1u, null)]
    [DataRow(SchemaCompatibility.BackwardCompatible, 2u, "Schema version too new")]
    [DataRow(SchemaCompatibility.Any, uint.MaxValue, null)]
    public void Versions_are_accepted_as_the_policy_says(SchemaCompatibility policy, uint version, string? refusal)
    {
        var message = new DashStreamMessage { Metrics = new Metrics { Header = new Header { SchemaVersion = version } } };

        Check(new MessageCodecOptions { SchemaPolicy = policy }, message, refusal, CodecFailure.SchemaVersion);
    }

    [TestMethod]
    public void A_missing_header_is_refused_when_headers_are_required()
    {
        const string Text = "Message missing required header with schema version";
        var message = new DashStreamMessage { Metrics = new Metrics { Scope = "s" } };

        Check(new MessageCodecOptions(), message, Text, CodecFailure.MissingHeader);
        Check(new MessageCodecOptions(), new DashStreamMessage(), Text, CodecFailure.MissingHeader);
        Check(new MessageCodecOptions { RequireHeader = false }, message, refusal: null, CodecFailure.MissingHeader);
        Check(new MessageCodecOptions { RequireHeader = false }, new DashStreamMessage(), refusal: null, CodecFailure.MissingHeader);
    }

    [TestMethod]
    public void One_bad_event_refuses_the_whole_batch()
    {
        var good = new Header { SchemaVersion = 1 };
        var bad = new Header { SchemaVersion = 7 };

        Check(new MessageCodecOptions(), Batch(good, good, good), refusal: null, CodecFailure.SchemaVersion);
        Check(new MessageCodecOptions(), Batch(bad, good), "Schema version mismatch: expected v1, got v7", CodecFailure.SchemaVersion);
        Check(
            new MessageCodecOptions(),
            Batch(good, good, bad),
            "EventBatch event[1] schema validation failed: Schema version mismatch: expected v1, got v7",
            CodecFailure.SchemaVersion);
        Check(
            new MessageCodecOptions(), Batch(good, [null]), "EventBatch event[0] missing required header with schema version", CodecFailure.MissingHeader);
        Check(new MessageCodecOptions { RequireHeader = false }, Batch(null, [null]), refusal: null, CodecFailure.MissingHeader);
    }

    private static DashStreamMessage Batch(Header? header, params Header?[] events)
    {
        var batch = new EventBatch { Header = header };
        batch.Events.AddRange(events.Select(inner => new Event { Header = inner }));
        return new DashStreamMessage { EventBatch = batch };
    }

    private static void Check(MessageCodecOptions options, DashStreamMessage message, string? refusal, CodecFailure failure)
    {
        var codec = new MessageCodec(options);
        var frame = codec.Encode(message);
        if (refusal is null)
        {
            Assert.AreEqual(message, codec.Decode(frame));
            return;
        }

        var exception = TestFrames.Refused(codec, frame, failure);
        StringAssert.StartsWith(exception.Message, refusal);
        Assert.AreEqual(StreamErrorKind.Incompatible, exception.Kind);
    }
}
