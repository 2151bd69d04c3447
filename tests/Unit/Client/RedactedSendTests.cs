using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class RedactedSendTests
{
    private const string Canary = "sk-canary0123456789abcdef";

    private readonly RecordingProvider _provider = new();
    private readonly KeptLetters _letters = new();
    private readonly MessageCodec _codec = new();

    [TestMethod]
    public async Task What_is_stored_is_redacted_and_the_callers_message_is_not_touched()
    {
        await using var producer = await OpenAsync(new());
        DashStreamMessage message = Chunk($"key {Canary}");

        await producer.SendAsync(message);

        Assert.AreEqual("key [OPENAI_KEY]", Sent(0).TokenChunk.Text);
        Assert.AreEqual($"key {Canary}", message.TokenChunk.Text);
    }

    [TestMethod]
    public async Task A_message_that_cannot_be_redacted_is_not_sent_and_leaves_no_gap()
    {
        await using var producer = await OpenAsync(new() { RefuseOpaqueBytes = true });
        var opaque = new ToolExecution { Header = new Header { ThreadId = "t" }, Result = ByteString.CopyFrom(0xFF) };

        var error = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(opaque).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.AreEqual(1ul, (await producer.SendAsync(Chunk("x"))).Sequence);
        Assert.HasCount(1, _provider.Records);
    }

    [TestMethod]
    public async Task The_letter_of_a_failed_send_holds_no_secret_and_neither_does_the_error()
    {
        await using var producer = await OpenAsync(new());
        _provider.Decide = _ => Task.FromException<StreamPosition>(new StreamException(StreamErrorKind.Timeout, "lost"));

        var error = await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(Chunk(Canary)).AsTask());

        Assert.DoesNotContain("canary", error.ToString());
        Assert.DoesNotContain("canary", _letters.Single().Message!.ToString());
        Assert.AreEqual("[OPENAI_KEY]", _codec.Decode(_letters.Single().Record.Value!.Value).TokenChunk.Text);
    }

    [TestMethod]
    public async Task After_a_redacted_state_the_hashes_of_later_patches_are_left_out()
    {
        await using var producer = await OpenAsync(new());
        var hash = ByteString.CopyFrom(new byte[32]);
        StateDiff Diff(string value) => new()
        {
            Header = new Header { ThreadId = "t" },
            StateHash = hash,
            Operations = { new DiffOperation { Path = "/a", Value = ByteString.CopyFromUtf8($"\"{value}\"") } },
        };

        await producer.SendAsync(Diff("plain"));
        await producer.SendAsync(Diff("bob@example.com"));
        var later = Diff("plain again");
        await producer.SendAsync(later);

        Assert.AreEqual(hash, Sent(0).StateDiff.StateHash);
        Assert.IsTrue(Sent(1).StateDiff.StateHash.IsEmpty);
        Assert.IsTrue(Sent(2).StateDiff.StateHash.IsEmpty);
        Assert.AreEqual(hash, later.StateHash);
    }

    [TestMethod]
    public async Task Rules_out_of_range_are_named_when_the_producer_is_opened()
    {
        var error = await Assert.ThrowsAsync<StreamException>(() => OpenAsync(new() { Rules = [new() { Pattern = "[" }] }).AsTask());

        StringAssert.Contains(error.Message, "Redaction:Rules:0:Pattern");
    }

    private static TokenChunk Chunk(string text) => new() { Header = new Header { ThreadId = "t" }, Text = text };

    private DashStreamMessage Sent(int index) => _codec.Decode(_provider.Records[index].Value!.Value);

    private ValueTask<DashStreamProducer> OpenAsync(RedactionOptions redaction) =>
        DashStreamProducer.OpenAsync(_provider, "events", new() { Redaction = redaction, DeadLetters = _letters });
}
