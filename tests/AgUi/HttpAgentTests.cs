using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DashStream.Providers;
using Microsoft.AspNetCore.Builder;

namespace DashStream.AgUi.Tests;

/// <summary>The protocol's own client, with the fetch of docs/ag-ui.md, against the endpoint.</summary>
[TestClass]
public sealed class HttpAgentTests
{
    private const string Before = """
        import { HttpAgent } from "@ag-ui/client";
        console.warn = console.error = () => {};
        const url = process.argv[2];
        """;

    private const string After = """
        let error = null;
        try { await agent.runAgent({}, { onEvent: ({ event }) => { console.log("event", event.type); } }); }
        catch (e) { error = e.message; }
        console.log("end", JSON.stringify({ error, state: agent.state, messages: agent.messages }));
        """;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task The_client_ends_with_our_messages_and_our_state()
    {
        await using var site = await Site.StartAsync(new MemoryProvider());
        foreach (var file in Recordings.Good().Where(Recordings.IsExact))
        {
            var events = AgUiReader.Read(await File.ReadAllBytesAsync(file)).ToList();
            var thread = Path.GetFileNameWithoutExtension(file);
            await new AgUiRecorder(thread).RecordAsync(site.Producer, events.ToAsyncEnumerable());
            using var client = await StartAsync(site, thread);

            var (_, end) = await ReadAsync(client);

            AssertApplied(events, end, thread);
        }
    }

    [TestMethod]
    public async Task A_client_whose_connection_breaks_in_the_middle_ends_the_same_having_seen_each_event_once()
    {
        using var cut = new CancellationTokenSource();
        var requests = 0;
        await using var site = await Site.StartAsync(new MemoryProvider(), map: (app, _) => app.Use(async (context, next) =>
        {
            Interlocked.Increment(ref requests);
            using var broken = cut.IsCancellationRequested ? default : cut.Token.Register(context.Abort);
            await next(context);
        }));
        var events = AgUiReader.Read(await File.ReadAllBytesAsync(Recordings.Good().Single(file => file.Contains("pydantic", StringComparison.Ordinal)))).ToList();
        var recorder = new AgUiRecorder("t");
        await recorder.RecordAsync(site.Producer, events.Take(20).ToAsyncEnumerable());
        using var client = await StartAsync(site, "t");

        var (first, _) = await ReadAsync(client, 20);
        await cut.CancelAsync();
        await recorder.RecordAsync(site.Producer, events.Skip(20).ToAsyncEnumerable());
        var (rest, end) = await ReadAsync(client);

        CollectionAssert.AreEqual(events.Select(item => item.TypeName).ToArray(), first.Concat(rest).ToArray());
        AssertApplied(events, end, "t");
        Assert.AreEqual(2, requests);
    }

    private static async Task<Process> StartAsync(Site site, string thread)
    {
        var page = await File.ReadAllTextAsync(Page());
        var script = page.Split("```js")[1].Split("```")[0];
        return await ProtocolPackage.StartAsync(Before + script + After, $"{site.Client.BaseAddress}runs/{thread}");
    }

    private static string Page()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Path.Combine(folder.FullName, "docs", "ag-ui.md") is var page && File.Exists(page))
            {
                return page;
            }
        }

        throw new FileNotFoundException("docs/ag-ui.md lies in no folder above the tests.");
    }

    /// <summary>The kinds of events that the client tells of, up to that many or to its end, and then what it holds.</summary>
    private async Task<(List<string> Types, JsonObject? End)> ReadAsync(Process client, int most = int.MaxValue)
    {
        var types = new List<string>();
        while (types.Count < most)
        {
            var line = await client.StandardOutput.ReadLineAsync(TestContext.CancellationToken);
            Assert.IsNotNull(line, await ErrorAsync(client, line));
            if (line.StartsWith("end ", StringComparison.Ordinal))
            {
                return (types, JsonNode.Parse(line[4..])!.AsObject());
            }

            types.Add(line["event ".Length..]);
        }

        return (types, null);
    }

    private async Task<string> ErrorAsync(Process client, string? line) =>
        line is null ? await client.StandardError.ReadToEndAsync(TestContext.CancellationToken) : "";

    private static void AssertApplied(IReadOnlyList<AgUiEvent> events, JsonObject? end, string name)
    {
        Assert.IsNotNull(end);
        Assert.IsNull(end["error"], $"{name}: {end["error"]}");
        CollectionAssert.AreEqual(Ours(events), Theirs(end["messages"]!.AsArray()), name);
        var validator = new AgUiValidator();
        foreach (var item in events)
        {
            validator.Check(item);
        }

        if (validator.State is { } state)
        {
            Assert.IsTrue(JsonNode.DeepEquals(JsonNode.Parse(state.Span), end["state"]), $"{name}: {Encoding.UTF8.GetString(state.Span)} and {end["state"]}");
        }
    }

    /// <summary>The texts, calls and results that the events tell, a line each.</summary>
    private static string[] Ours(IReadOnlyList<AgUiEvent> events)
    {
        var told = new SortedDictionary<string, string>(StringComparer.Ordinal);
        string? chunk = null;
        foreach (var item in events)
        {
            chunk = item.Text("toolCallId") ?? item.MessageId ?? (item.Type is AgUiEventType.TextMessageChunk or AgUiEventType.ToolCallChunk ? chunk : null);
            switch (item.Type)
            {
                case AgUiEventType.TextMessageStart:
                    told[$"message {chunk}"] = "";
                    break;
                case AgUiEventType.TextMessageContent or AgUiEventType.TextMessageChunk:
                    told[$"message {chunk}"] = told.GetValueOrDefault($"message {chunk}") + item.Delta;
                    break;
                case AgUiEventType.ToolCallStart:
                    told[$"call {chunk}"] = "";
                    break;
                case AgUiEventType.ToolCallArgs or AgUiEventType.ToolCallChunk:
                    told[$"call {chunk}"] = told.GetValueOrDefault($"call {chunk}") + item.Delta;
                    break;
                case AgUiEventType.ToolCallResult:
                    told[$"result {chunk}"] = item.Text("content")!;
                    break;
                case AgUiEventType.MessagesSnapshot when item.TryGet("messages", out var messages):
                    told = new(Lines(JsonNode.Parse(messages.Span)!.AsArray()).ToDictionary(line => line.Key, line => line.Value), StringComparer.Ordinal);
                    break;
            }
        }

        return Texts(told);
    }

    private static string[] Theirs(JsonArray messages) => Texts(new SortedDictionary<string, string>(Lines(messages).ToDictionary(line => line.Key, line => line.Value), StringComparer.Ordinal));

    /// <summary>A message without text is there for its calls alone.</summary>
    private static string[] Texts(SortedDictionary<string, string> told) =>
        [.. told.Where(line => line.Value.Length > 0 || !line.Key.StartsWith("message ", StringComparison.Ordinal)).Select(line => $"{line.Key}: {line.Value}")];

    private static IEnumerable<KeyValuePair<string, string>> Lines(JsonArray messages)
    {
        foreach (var message in messages.Select(message => message!.AsObject()))
        {
            if (message["role"]!.GetValue<string>() == "tool")
            {
                yield return new($"result {message["toolCallId"]}", message["content"]!.GetValue<string>());
            }
            else if (message["role"]!.GetValue<string>() is not ("reasoning" or "activity") && message["content"] is { } content)
            {
                yield return new($"message {message["id"]}", content.GetValueKind() == JsonValueKind.String ? content.GetValue<string>() : content.ToJsonString());
            }

            foreach (var call in message["toolCalls"]?.AsArray() ?? [])
            {
                yield return new($"call {call!["id"]}", call["function"]!["arguments"]!.GetValue<string>());
            }
        }
    }
}
