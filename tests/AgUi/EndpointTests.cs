using System.Net;
using DashStream.Protocol;
using Microsoft.AspNetCore.Builder;

namespace DashStream.AgUi.Tests;

/// <summary>The endpoint over a real server and real sockets.</summary>
[TestClass]
public sealed class EndpointTests
{
    private static readonly string[] Run =
    [
        """{"type":"RUN_STARTED","threadId":"t1","runId":"r"}""",
        """{"type":"TEXT_MESSAGE_START","messageId":"m","role":"assistant"}""",
        """{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"one"}""",
        """{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"two","metadata":{"k":null}}""",
        """{"type":"TEXT_MESSAGE_END","messageId":"m"}""",
        """{"type":"STATE_SNAPSHOT","snapshot":{"a":[1]}}""",
        """{"type":"RUN_FINISHED","threadId":"t1","runId":"r"}""",
    ];

    private readonly Stores _stores = new();

    public TestContext TestContext { get; set; } = null!;

    [TestCleanup]
    public void Clean() => _stores.Dispose();

    [TestMethod]
    [DataRow("memory")]
    [DataRow("file")]
    public async Task Readers_get_all_and_whoever_was_cut_off_gets_exactly_the_rest(string kind)
    {
        await using var site = await Site.StartAsync(_stores.Open(kind));
        await site.RecordAsync("t1", Run);
        await site.RecordAsync("t2", Run);

        var both = await Task.WhenAll(site.ReadAsync("t1"), site.ReadAsync("t1"));

        CollectionAssert.AreEqual(Run, both[0].Select(item => item.Data).ToArray());
        CollectionAssert.AreEqual(both[0], both[1]);
        for (var seen = 1; seen < Run.Length; seen++)
        {
            var rest = await site.ReadAsync("t1", both[0][seen - 1].Id);
            CollectionAssert.AreEqual(both[0][seen..], rest, $"after {seen}");
        }

        using var all = await site.GetAsync("t1", both[0][^1].Id);
        Assert.AreEqual(HttpStatusCode.NoContent, all.StatusCode);
    }

    [TestMethod]
    [DataRow("memory")]
    [DataRow("file")]
    public async Task A_message_that_becomes_several_events_can_be_cut_between_them(string kind)
    {
        await using var site = await Site.StartAsync(_stores.Open(kind));
        await using (var runs = new DashStreamRuns(await DashStreamProducer.OpenAsync(site.Provider, "runs")))
        {
            MappingTests.Record(runs);
            await runs.FlushAsync(TimeSpan.FromSeconds(30));
        }

        var whole = await site.ReadAsync("thread");

        Assert.Contains(item => item.Id.Contains(':', StringComparison.Ordinal), whole);
        for (var seen = 1; seen < whole.Count; seen++)
        {
            CollectionAssert.AreEqual(whole[seen..], await site.ReadAsync("thread", whole[seen - 1].Id), $"after {whole[seen - 1].Id}");
        }
    }

    [TestMethod]
    public async Task Threads_of_all_partitions_are_found_and_resumed()
    {
        await using var site = await Site.StartAsync(_stores.Open("memory"), partitions: 4);
        string[] threads = [.. Enumerable.Range(0, 12).Select(i => $"thread {i}/ü")];
        foreach (var thread in threads)
        {
            await site.RecordAsync(thread, Run);
        }

        foreach (var thread in threads)
        {
            var whole = await site.ReadAsync(Uri.EscapeDataString(thread));
            Assert.HasCount(Run.Length, whole, thread);
            CollectionAssert.AreEqual(whole[3..], await site.ReadAsync(Uri.EscapeDataString(thread), whole[2].Id), thread);
        }
    }

    [TestMethod]
    public async Task A_thread_can_be_waited_for()
    {
        await using var site = await Site.StartAsync(_stores.Open("memory"), configure: options => options.WaitForThread = TimeSpan.FromSeconds(60));

        var reading = site.ReadAsync("t1");
        await site.RecordAsync("t2", Run);
        await site.RecordAsync("t1", Run);

        Assert.HasCount(Run.Length, await reading);
    }

    [TestMethod]
    public async Task What_comes_later_arrives_live_with_comments_in_between()
    {
        await using var site = await Site.StartAsync(_stores.Open("memory"));
        await site.RecordAsync("t1", Run[..2]);
        using var response = await site.GetAsync("t1");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.CancellationToken));

        var seen = new List<string>();
        while (!seen.Contains(": waiting"))
        {
            seen.Add((await reader.ReadLineAsync(TestContext.CancellationToken))!);
        }

        await site.RecordAsync("t1", Run[2..], new AgUiRecorder("t1"));
        var rest = await reader.ReadToEndAsync(TestContext.CancellationToken);
        StringAssert.Contains(rest, "RUN_FINISHED");
        StringAssert.Contains(string.Join('\n', seen), "retry: 2000");
    }

    [TestMethod]
    public async Task A_reader_that_follows_sees_the_next_run()
    {
        await using var site = await Site.StartAsync(_stores.Open("memory"));
        await site.RecordAsync("t1", Run);
        using var response = await site.GetAsync("t1", query: "?follow=true");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.CancellationToken));
        await UntilAsync(reader, "RUN_FINISHED");

        await site.RecordAsync("t1", """{"type":"RUN_STARTED","threadId":"t1","runId":"r2"}""");

        await UntilAsync(reader, "\"r2\"");
    }

    [TestMethod]
    public async Task Two_runs_of_a_thread_are_both_replayed()
    {
        await using var site = await Site.StartAsync(_stores.Open("memory"));
        await site.RecordAsync("t1", [.. Run, .. Run]);

        Assert.HasCount(14, await site.ReadAsync("t1"));
    }

    [TestMethod]
    public async Task A_browser_that_does_not_read_holds_nobody_up()
    {
        await using var site = await Site.StartAsync(_stores.Open("memory"));
        var text = new string('x', 20_000);
        await site.RecordAsync("t1", [Run[0], .. Enumerable.Range(0, 1000).Select(i => $$"""{"type":"CUSTOM","name":"n{{i}}","value":"{{text}}"}"""), Run[^1]]);
        using var slow = await site.GetAsync("t1");

        var fast = await site.ReadAsync("t1");

        Assert.HasCount(1002, fast);
    }

    [TestMethod]
    public async Task Who_goes_away_is_let_go()
    {
        await using var site = await Site.StartAsync(_stores.Open("memory"), configure: options => options.MaxReaders = 1);
        await site.RecordAsync("t1", Run[..1]);
        using (var first = await site.GetAsync("t1"))
        {
            using var second = await site.GetAsync("t1");
            Assert.AreEqual((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (first.StatusCode, second.StatusCode));
        }

        var status = HttpStatusCode.ServiceUnavailable;
        while (status != HttpStatusCode.OK)
        {
            using var again = await site.GetAsync("t1");
            status = again.StatusCode;
        }
    }

    [TestMethod]
    [DataRow("nothing", null, HttpStatusCode.NotFound)]
    [DataRow("t1", "nonsense", HttpStatusCode.BadRequest)]
    [DataRow("t1", "0@1:0", HttpStatusCode.BadRequest)]
    [DataRow("t1", "9@1", HttpStatusCode.BadRequest)]
    [DataRow("t1", "0@999999", HttpStatusCode.BadRequest)]
    [DataRow("t1", "0@0", HttpStatusCode.Gone)]
    public async Task What_cannot_be_read_is_answered_clearly(string thread, string? last, HttpStatusCode expected)
    {
        await using var site = await Site.StartAsync(_stores.Open("memory"));
        await site.RecordAsync("t1", Run);
        await site.Provider.Admin.TrimAsync("runs", new StreamPosition(0, 3), TestContext.CancellationToken);

        using var response = await site.GetAsync(thread, last);

        Assert.AreEqual(expected, response.StatusCode);
        Assert.IsGreaterThan(10, (await response.Content.ReadAsStringAsync(TestContext.CancellationToken)).Length);
    }

    [TestMethod]
    [DataRow("memory")]
    [DataRow("file")]
    public async Task A_thread_of_which_a_tenant_has_nothing_is_answered_at_once_as_one_that_nobody_has(string kind)
    {
        await using var site = await Site.StartAsync(_stores.Open(kind), partitions: 4, configure: options => options.Tenant = _ => "other");
        await site.RecordAsync("t1", Run[..3]);
        await site.Producer.SendAsync(new DashStreamMessage { Event = new Event { Header = new Header { ThreadId = "t2", TenantId = "other" } } });

        using var others = await site.GetAsync("t1", query: "?follow=true");
        using var nobodys = await site.GetAsync("nobody", query: "?follow=true");

        Assert.AreEqual((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (others.StatusCode, nobodys.StatusCode));
        Assert.AreEqual(
            await nobodys.Content.ReadAsStringAsync(TestContext.CancellationToken), await others.Content.ReadAsStringAsync(TestContext.CancellationToken));
    }

    [TestMethod]
    public async Task A_thread_of_two_tenants_begins_where_the_readers_own_begins()
    {
        await using var site = await Site.StartAsync(_stores.Open("memory"), configure: options => options.Tenant = _ => "other");
        await site.RecordAsync("t1", Run);
        await using var other = await DashStreamProducer.OpenAsync(site.Provider, "runs", new DashStreamProducerOptions { TenantId = "other" });
        await new AgUiRecorder("t1").RecordAsync(other, AgUiReader.Read(Recordings.Lines(Run)).ToAsyncEnumerable());
        await site.RecordAsync("t1", Run[..2]);

        var whole = await site.ReadAsync("t1");

        CollectionAssert.AreEqual(Run, whole.Select(item => item.Data).ToArray());
        CollectionAssert.AreEqual(whole[3..], await site.ReadAsync("t1", whole[2].Id));
    }

    [TestMethod]
    public async Task A_tenants_thread_can_be_waited_for_where_others_have_written()
    {
        await using var site = await Site.StartAsync(_stores.Open("memory"), configure: options =>
        {
            options.Tenant = _ => "other";
            options.WaitForThread = TimeSpan.FromSeconds(60);
        });
        await site.RecordAsync("t1", Run);
        await using var other = await DashStreamProducer.OpenAsync(site.Provider, "runs", new DashStreamProducerOptions { TenantId = "other" });

        var reading = site.ReadAsync("t1");
        await new AgUiRecorder("t1").RecordAsync(other, AgUiReader.Read(Recordings.Lines(Run)).ToAsyncEnumerable());

        Assert.HasCount(Run.Length, await reading);
    }

    [TestMethod]
    public async Task Mapping_checks_the_route_and_the_options()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        Assert.ThrowsExactly<ArgumentException>(() => app.MapDashStreamAgUi("/runs", "runs"));
        Assert.ThrowsExactly<StreamException>(() => app.MapDashStreamAgUi("/{thread}", "runs", options => options.MaxReaders = 0));
    }

    private async Task UntilAsync(StreamReader reader, string text)
    {
        while (await reader.ReadLineAsync(TestContext.CancellationToken) is { } line && !line.Contains(text, StringComparison.Ordinal))
        {
        }
    }
}
