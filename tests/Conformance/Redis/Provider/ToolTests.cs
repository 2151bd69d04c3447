using DashStream.Cli;
using DashStream.Protocol;
using DashStream.Tests.Cli;

namespace DashStream.Conformance.Redis;

/// <summary>The command-line tool on a Redis server.</summary>
[TestClass]
public sealed class ToolTests
{
    private const string Topic = "runs";

    [TestMethod]
    public async Task Dead_letters_are_listed_shown_edited_sent_again_once_and_removed()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await FailAsync(redis);
        await using var tool = new ToolSession();
        Task<ToolResult> RunAsync(string verb, params string[] more) =>
            tool.RunAsync(["dlq", verb, "--from", $"redis://{redis.Node.Endpoint}", "--topic", $"{Topic}.dlq", .. more]);

        var listed = await RunAsync("list", "--format", "jsonl");
        var decode = listed.Objects.Single(static letter => letter.GetProperty("stage").GetString() == "decode").GetProperty("position").GetString()!;
        var handler = listed.Objects.First(static letter => letter.GetProperty("stage").GetString() == "handler").GetProperty("position").GetString()!;
        var shown = await RunAsync("show", handler);
        var bytes = await RunAsync("show", decode);
        var edited = await RunAsync("edit", handler, "--set-header", "mended-by=me");
        var dry = await RunAsync("replay", "--dry-run", "--format", "jsonl");
        var first = await RunAsync("replay", "--format", "jsonl", "--rate", "1000");
        var second = await RunAsync("replay", "--format", "jsonl");
        var some = await RunAsync("purge", "--stage", "handler");
        var left = await RunAsync("list", "--format", "jsonl");
        var all = await RunAsync("purge", "--all");

        Assert.HasCount(3, listed.Objects, listed.Err);
        Assert.AreEqual(ExitCodes.Ok, shown.Code, shown.Err);
        Assert.AreEqual(ExitCodes.Ok, bytes.Code, bytes.Err);
        Assert.AreEqual(ExitCodes.Ok, edited.Code, edited.Err);
        Assert.IsTrue(dry.Objects.All(static letter => letter.GetProperty("status").GetString() == "would-replay"), dry.Out);
        Assert.AreEqual(3, first.Objects.Count(static letter => letter.GetProperty("status").GetString() == "replayed"), first.Out + first.Err);
        Assert.AreEqual(3, second.Objects.Count(static letter => letter.GetProperty("status").GetString() == "already-replayed"), second.Out + second.Err);
        Assert.AreEqual(ExitCodes.Ok, some.Code, some.Err);
        Assert.AreEqual("decode", left.Objects.Single().GetProperty("stage").GetString());
        Assert.AreEqual(ExitCodes.Ok, all.Code, all.Err);
        await using var reader = await redis.OpenReaderAsync(Topic);
        var records = await ProviderUnderTest.ReadAsync(reader, 14);
        Assert.AreEqual(3, records.Count(static record => record.Headers.TryGet(DeadLetterHeaders.ReplayOf, out _)));
        Assert.AreEqual("me", records.Single(static record => record.Headers.TryGet("mended-by", out _)).Headers.Single(static header => header.Name == "mended-by").Text);
    }

    [TestMethod]
    public async Task Topics_groups_and_messages_are_printed()
    {
        await using var redis = await ProviderUnderTest.StartAsync();
        await FailAsync(redis);
        await using var tool = new ToolSession();
        var store = $"redis://{redis.Node.Endpoint}/0";

        var topics = await tool.RunAsync("topics", store);
        var groups = await tool.RunAsync("groups", store);
        var parsed = await tool.RunAsync("parse", store, "--topic", Topic, "--format", "jsonl");

        Assert.Contains(Topic, topics.Out, topics.Err);
        Assert.Contains("billing", groups.Out, groups.Err);
        Assert.HasCount(10, parsed.Objects, parsed.Err);
        Assert.AreEqual(ExitCodes.Incomplete, parsed.Code, parsed.Err);
    }

    // Ten messages, of which two cannot be handled, and a record that is no message.
    private static async Task FailAsync(ProviderUnderTest redis)
    {
        await using (var producer = await DashStreamProducer.OpenAsync(redis.Provider, Topic))
        {
            await producer.SendBatchAsync([.. Enumerable.Range(0, 10).Select(static number => (DashStreamMessage)new TokenChunk { Header = new Header { ThreadId = "t" }, Text = $"text {number}" })]);
        }

        await using (var raw = await redis.Provider.OpenProducerAsync(Topic))
        {
            await raw.SendAsync(new StreamRecord("t"u8.ToArray(), new byte[] { 9, 8, 7, 255 }));
        }

        await using var sink = new ProviderDeadLetterSink(redis.Provider);
        await using var consumer = await DashStreamConsumer.OpenAsync(redis.Provider, Topic, "billing", new()
        {
            DeadLetters = sink,
            Retry = new() { MaxAttempts = 1 },
            Stream = new() { Start = SeekTarget.Beginning },
        });
        var run = consumer.RunAsync(static (message, _) => message.Message.TokenChunk.Text is "text 3" or "text 7" ? throw new InvalidOperationException("cannot") : ValueTask.CompletedTask);
        await Eventually.TrueAsync(() => consumer.Status.Finished == 11, "everything is handled");
        await consumer.StopAsync(TimeSpan.FromSeconds(20));
        await run;
    }
}
