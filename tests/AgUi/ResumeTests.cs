using System.Net;
using System.Text;
using System.Text.Json;
using DashStream.Providers;

namespace DashStream.AgUi.Tests;

/// <summary>What a browser that comes back is sent, and how much of the log that takes.</summary>
[TestClass]
public sealed class ResumeTests
{
    private static readonly string[] Run =
    [
        """{"type":"RUN_STARTED","threadId":"t1","runId":"r"}""",
        """{"type":"STEP_STARTED","stepName":"s"}""",
        """{"type":"STEP_FINISHED","stepName":"s"}""",
        """{"type":"RUN_FINISHED","threadId":"t1","runId":"r"}""",
    ];

    private readonly Stores _stores = new();

    public TestContext TestContext { get; set; } = null!;

    [TestCleanup]
    public void Clean() => _stores.Dispose();

    [TestMethod]
    [DataRow("memory")]
    [DataRow("file")]
    [DataRow("run")]
    public async Task Coming_back_at_the_end_of_a_long_log_reads_only_its_end(string kind)
    {
        var provider = new CountingProvider(_stores.Open(kind));
        await using var site = await Site.StartAsync(provider, configure: options => options.MaxReaderBytes = 16 * 1024);
        await RecordMuchAsync(site, kind == "run");
        var whole = await site.ReadAsync("t1");
        var before = provider.Read;

        var rest = await site.ReadAsync("t1", whole[^4].Id);

        Assert.IsGreaterThan(12_000, before);
        Assert.IsLessThan(2 * AgUiAnchors.LeastDistance, provider.Read - before);
        CollectionAssert.AreEqual(whole[^3..].Select(item => item.Data).ToArray(), rest.Select(item => item.Data).ToArray());
        using var all = await site.GetAsync("t1", whole[^1].Id);
        Assert.AreEqual(HttpStatusCode.NoContent, all.StatusCode);
    }

    [TestMethod]
    public async Task Coming_back_anywhere_gives_exactly_the_rest_with_ids_that_work_again()
    {
        await using var site = await Site.StartAsync(new MemoryProvider());
        await RecordMuchAsync(site, isOneRun: true, count: 1000);
        var whole = await site.ReadAsync("t1");
        var random = new Random(7);
        Assert.Contains(item => item.Id.Contains('~', StringComparison.Ordinal), whole);
        for (var i = 0; i < 40; i++)
        {
            var seen = random.Next(whole.Count - 2);
            var rest = await site.ReadAsync("t1", whole[seen].Id);
            var again = random.Next(rest.Count - 1);
            var last = await site.ReadAsync("t1", rest[again].Id);

            CollectionAssert.AreEqual(Data(whole[(seen + 1)..]), Data(rest), $"after {whole[seen].Id}");
            CollectionAssert.AreEqual(Data(rest[(again + 1)..]), Data(last), $"after {rest[again].Id}");
        }
    }

    [TestMethod]
    public async Task Runs_recorded_otherwise_are_gone_on_with_from_their_start()
    {
        var provider = new CountingProvider(new MemoryProvider());
        await using var site = await Site.StartAsync(provider);
        await using (var runs = new DashStreamRuns(await DashStreamProducer.OpenAsync(provider, "runs")))
        {
            await RecordMuchAsync(site, isOneRun: true, thread: "other");
            MappingTests.Record(runs);
            await runs.FlushAsync(TimeSpan.FromSeconds(30));
        }

        var whole = await site.ReadAsync("thread");
        var before = provider.Read;
        for (var seen = 1; seen < whole.Count; seen++)
        {
            CollectionAssert.AreEqual(Data(whole[seen..]), Data(await site.ReadAsync("thread", whole[seen - 1].Id)), $"after {whole[seen - 1].Id}");
        }

        Assert.IsLessThan(2L * AgUiAnchors.LeastDistance * whole.Count, provider.Read - before);
    }

    [TestMethod]
    public async Task An_anchor_that_was_trimmed_away_costs_nothing()
    {
        await using var site = await Site.StartAsync(new MemoryProvider());
        await RecordMuchAsync(site, isOneRun: true);
        var whole = await site.ReadAsync("t1");
        Assert.IsTrue(AgUiPlace.TryParse(whole[^4].Id, out var place));
        await site.Provider.Admin.TrimAsync("runs", place.Position, TestContext.CancellationToken);

        var rest = await site.ReadAsync("t1", whole[^4].Id);

        CollectionAssert.AreEqual(Data(whole[^3..]), Data(rest));
    }

    [TestMethod]
    public async Task A_run_whose_beginning_was_trimmed_away_is_a_stream_that_keeps_the_protocol()
    {
        await using var site = await Site.StartAsync(new MemoryProvider());
        await RecordMuchAsync(site, isOneRun: true, count: 60);
        var whole = await site.ReadAsync("t1");
        for (var cut = 1; cut < whole.Count - 1; cut++)
        {
            Assert.IsTrue(AgUiPlace.TryParse(whole[cut].Id, out var place));
            await site.Provider.Admin.TrimAsync("runs", place.Position, TestContext.CancellationToken);

            var rest = await site.ReadAsync("t1");
            var seen = (rest.Count - 1) / 2;
            var again = await site.ReadAsync("t1", seen == 0 ? null : rest[seen].Id);

            AgUiValidator.ThrowIfInvalid(Recordings.Lines(Data(rest)));
            CollectionAssert.IsSubsetOf(Untimed(rest[1..]), Untimed(whole));
            CollectionAssert.AreEqual(Data(rest[(seen == 0 ? 0 : seen + 1)..]), Data(again));
        }
    }

    [TestMethod]
    [DataRow("t1", "nonsense", 400, "malformed-id")]
    [DataRow("t1", "0@1:0", 400, "malformed-id")]
    [DataRow("t1", "0@5~", 400, "malformed-id")]
    [DataRow("t1", "0@5~3", 400, "malformed-id")]
    [DataRow("t1", "0@5~3q", 400, "malformed-id")]
    [DataRow("t1", "0@5~6N", 400, "malformed-id")]
    [DataRow("t1", "0@99999999999999999999999999999999999999999999", 400, "malformed-id")]
    [DataRow("t1", "-1@5", 400, "malformed-id")]
    [DataRow("t1", "9@5", 400, "foreign-id")]
    [DataRow("t1", "0@999999", 400, "foreign-id")]
    [DataRow("t2", "0@5", 400, "foreign-id")]
    [DataRow("t2", "0@5~4N", 400, "foreign-id")]
    [DataRow("t2", "0@5~0x", 400, "foreign-id")]
    [DataRow("t1", "0@0", 410, "trimmed")]
    [DataRow("t1", "0@1~0x", 410, "trimmed")]
    [DataRow("nobody", null, 404, "nothing")]
    public async Task An_id_that_cannot_be_gone_on_from_is_told_by_a_code(string thread, string? last, int status, string code)
    {
        await using var site = await Site.StartAsync(new MemoryProvider());
        await site.RecordAsync("t1", [.. Run, .. Run]);
        await site.RecordAsync("t2", Run);
        await site.Provider.Admin.TrimAsync("runs", new StreamPosition(0, 4), TestContext.CancellationToken);

        using var response = await site.GetAsync(thread, last);

        Assert.AreEqual(("application/problem+json", status), (response.Content.Headers.ContentType!.MediaType, (int)response.StatusCode));
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.CancellationToken));
        Assert.AreEqual((code, status), (body.RootElement.GetProperty("code").GetString(), body.RootElement.GetProperty("status").GetInt32()));
        Assert.IsGreaterThan(10, body.RootElement.GetProperty("detail").GetString()!.Length);
    }

    [TestMethod]
    public async Task An_id_of_another_tenants_message_is_as_foreign_as_any()
    {
        await using var site = await Site.StartAsync(new MemoryProvider(), configure: options => options.Tenant = _ => "other");
        await site.RecordAsync("t1", Run);

        using var response = await site.GetAsync("t1", "0@1");

        StringAssert.Contains(await response.Content.ReadAsStringAsync(TestContext.CancellationToken), "foreign-id");
    }

    [TestMethod]
    public async Task A_message_that_was_sent_twice_is_told_once_also_to_who_comes_back()
    {
        await using var site = await Site.StartAsync(new MemoryProvider());
        await RecordMuchAsync(site, isOneRun: true, count: 1000);
        var consumer = await site.Provider.OpenConsumerAsync("runs", new StreamConsumerOptions { MaxBatchRecords = 100_000 }, TestContext.CancellationToken);
        var records = (await consumer.ReadAsync(TimeSpan.FromSeconds(5), TestContext.CancellationToken)).Records;
        var whole = await site.ReadAsync("t1");
        var copy = records[^10];
        var raw = await site.Provider.OpenProducerAsync("runs", TestContext.CancellationToken);
        await raw.SendAsync(new StreamRecord(copy.Key, copy.Value, copy.Headers, copy.TimestampUs), TestContext.CancellationToken);

        using var response = await site.GetAsync("t1", whole[^1].Id);

        Assert.AreEqual(HttpStatusCode.NoContent, response.StatusCode);
    }

    /// <summary>The unit of times is told at the beginning of a run, and what messages have no place for just before them.</summary>
    private static string[] Untimed(IEnumerable<Sent> events) =>
        [.. Data(events).Select(data => Encoding.UTF8.GetString(AgUiEvent.Parse(Encoding.UTF8.GetBytes(data)).With("timestamp", null).With("extra", null).ToWire()))];

    private static string[] Data(IEnumerable<Sent> events) => [.. events.Select(item => item.Data)];

    /// <summary>More than two thirds of the log is of another thread.</summary>
    private static async Task RecordMuchAsync(Site site, bool isOneRun, int count = 4000, string thread = "t1")
    {
        var (recorder, other) = (new AgUiRecorder(thread), new AgUiRecorder("t2"));
        var noise = AgUiReader.Read(Recordings.Lines("""{"type":"RUN_STARTED","threadId":"t2","runId":"n"}""", """{"type":"CUSTOM","name":"n","value":1}""")).ToList();
        var mine = AgUiReader.Read(Recordings.Lines(
        [
            """{"type":"RUN_STARTED","threadId":"t1","runId":"r","timestamp":1755300013600}""",
            .. Enumerable.Range(0, count).SelectMany(i => isOneRun ? Piece(i) : Run.Select(item => item.Replace("\"r\"", $"\"r{i}\"", StringComparison.Ordinal))).Take(count),
            """{"type":"TOOL_CALL_START","toolCallId":"last","toolCallName":"f"}""",
            """{"type":"TOOL_CALL_ARGS","toolCallId":"last","delta":"{}"}""",
            """{"type":"TOOL_CALL_END","toolCallId":"last"}""",
            """{"type":"RUN_FINISHED","threadId":"t1","runId":"r"}""",
        ])).ToList();
        var sends = new List<Task>();
        foreach (var message in mine.SelectMany(item => recorder.Map(item).Concat(noise.Skip(sends.Count == 0 ? 0 : 1).SelectMany(other.Map)).Concat(other.Map(noise[1]))))
        {
            sends.Add(site.Producer.SendAsync(message).AsTask());
        }

        await Task.WhenAll(sends);
    }

    private static IEnumerable<string> Piece(int i) => (i % 5) switch
    {
        0 => [$$"""{"type":"TOOL_CALL_START","toolCallId":"c{{i}}","toolCallName":"f"}""", $$"""{"type":"TOOL_CALL_ARGS","toolCallId":"c{{i}}","delta":"{\"a\":1}"}""", $$"""{"type":"TOOL_CALL_END","toolCallId":"c{{i}}","timestamp":1755300013700}"""],
        1 => [$$"""{"type":"TEXT_MESSAGE_CHUNK","messageId":"k{{i}}","role":"user","delta":"a"}""", """{"type":"TEXT_MESSAGE_CHUNK","delta":"b","timestamp":1755300013800}"""],
        2 => [$$"""{"type":"TOOL_CALL_CHUNK","toolCallId":"x{{i}}","toolCallName":"f","delta":"{"}""", """{"type":"TOOL_CALL_CHUNK","delta":"}"}"""],
        3 => [$$"""{"type":"STATE_SNAPSHOT","snapshot":{"i":{{i}}},"extra":1}"""],
        _ => [$$"""{"type":"TEXT_MESSAGE_START","messageId":"m{{i}}","role":"assistant"}""", $$"""{"type":"TEXT_MESSAGE_CONTENT","messageId":"m{{i}}","delta":"one","extra":null}""", $$"""{"type":"TEXT_MESSAGE_END","messageId":"m{{i}}"}"""],
    };
}
