using System.Text;
using DashStream.Providers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DashStream.AgUi.Tests;

/// <summary>Answers of servers that keep the rules of the transport, and of servers that do not.</summary>
[TestClass]
public sealed class ResponseTests
{
    private const string Start = """data: {"type":"RUN_STARTED","threadId":"t","runId":"r","timestamp":1}""" + "\n\n";
    private const string Step = """data: {"type":"STEP_STARTED","stepName":"s"}""" + "\n\n" + """data: {"type":"STEP_FINISHED","stepName":"s"}""" + "\n\n";
    private const string Finish = """data: {"type":"RUN_FINISHED","threadId":"t","runId":"r"}""" + "\n\n";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("text/event-stream", "")]
    [DataRow("text/event-stream; charset=utf-8", "")]
    [DataRow("application/json", "Warning AGUI505")]
    [DataRow("", "Warning AGUI505")]
    public async Task The_content_type_is_checked(string type, string expected) =>
        Assert.AreEqual(expected, await FoundAsync(type, async body =>
        {
            await body(Start);
            await body(Step);
            await body(Finish);
        }));

    [TestMethod]
    public async Task Lines_that_clients_drop_are_told_of() =>
        Assert.AreEqual("Warning AGUI501, Error AGUI501", await FoundAsync("text/event-stream", async body =>
        {
            await body(Start);
            await body("this is no field\n\n");
            await body("""{"type":"RAW","event":1}""" + "\n\n");
            await body(": a comment\nid: 1\nevent: message\nretry: 5\n\n" + Finish);
        }));

    [TestMethod]
    public async Task An_event_that_no_blank_line_ends_is_told_of() =>
        Assert.AreEqual("Error AGUI501", await FoundAsync("text/event-stream", async body =>
        {
            await body(Start);
            await body(Finish.TrimEnd());
        }));

    [TestMethod]
    public async Task JSON_lines_have_no_framing() =>
        Assert.AreEqual("", await FoundAsync("application/x-ndjson", async body =>
        {
            await body(Start[6..^1]);
            await body(Finish[6..^1]);
        }));

    [TestMethod]
    public async Task A_silence_is_told_of() =>
        Assert.AreEqual("Notice AGUI506", await FoundAsync("text/event-stream", async body =>
        {
            await body(Start);
            await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.CancellationToken);
            await body(Finish);
        }, TimeSpan.FromMilliseconds(200)));

    [TestMethod]
    public async Task Events_that_all_come_at_once_are_told_of() =>
        Assert.AreEqual("Notice AGUI507", await FoundAsync("text/event-stream", body => body(Start + Step + Finish)));

    [TestMethod]
    public async Task A_connection_that_breaks_in_a_run_is_told_of()
    {
        var found = await FoundAsync("text/event-stream", async body =>
        {
            await body(Start);
            throw new IOException("cut");
        });

        Assert.AreEqual("Error AGUI508, Error AGUI003", found);
    }

    [TestMethod]
    public async Task Our_own_endpoint_keeps_all_rules()
    {
        await using var site = await Site.StartAsync(new MemoryProvider());
        await site.RecordAsync("t", """{"type":"RUN_STARTED","threadId":"t","runId":"r","timestamp":1755300013600}""");
        using var response = await site.GetAsync("t");
        var checking = AgUiResponse.CheckAsync(response, new() { MaxSilence = TimeSpan.FromSeconds(20) }, TestContext.CancellationToken);
        await site.RecordAsync("t", ["""{"type":"STEP_STARTED","stepName":"s"}""", """{"type":"STEP_FINISHED","stepName":"s"}""", """{"type":"RUN_FINISHED","threadId":"t","runId":"r"}"""], new AgUiRecorder("t"));

        var found = await checking;

        Assert.IsEmpty(found, string.Join("; ", found));
    }

    [TestMethod]
    public async Task An_answer_that_is_no_success_is_an_error_of_its_kind()
    {
        await using var site = await Site.StartAsync(new MemoryProvider());
        await site.RecordAsync("t", """{"type":"RUN_STARTED","threadId":"t","runId":"r"}""", """{"type":"RUN_FINISHED","threadId":"t","runId":"r"}""");
        using var nothing = await site.GetAsync("nobody");
        using var bad = await site.GetAsync("t", "bad");
        using var all = await site.GetAsync("t", "0@1");

        Assert.AreEqual(StreamErrorKind.NotFound, (await Assert.ThrowsExactlyAsync<StreamException>(() => AgUiResponse.CheckAsync(nothing))).Kind);
        Assert.AreEqual(StreamErrorKind.InvalidRequest, (await Assert.ThrowsExactlyAsync<StreamException>(() => AgUiResponse.CheckAsync(bad))).Kind);
        Assert.IsEmpty(await AgUiResponse.CheckAsync(all));
    }

    [TestMethod]
    public void Conventions_are_hints()
    {
        var stream = Recordings.Lines(
            """{"type":"RUN_STARTED","threadId":"t","runId":"r","timestamp":1}""", """{"type":"CUSTOM","name":"update","value":1}""",
            """{"type":"CUSTOM","name":"acme.update","value":1}""", """{"type":"RUN_FINISHED","threadId":"t","runId":"r"}""");

        var found = AgUiValidator.CheckStream(stream, new AgUiValidatorOptions { SharesState = true });

        Assert.AreEqual("Notice AGUI903 1, Warning AGUI305 4", string.Join(", ", found.Select(one => $"{one.Severity} {one.Code} {one.EventIndex}")));
    }

    [TestMethod]
    public void A_recording_of_server_sent_events_is_held_to_their_framing()
    {
        var stream = Encoding.UTF8.GetBytes(Start + """{"type":"RAW","event":1}""" + "\n\n" + Finish.TrimEnd());

        var found = AgUiValidator.CheckStream(stream);

        Assert.AreEqual("Error AGUI501", string.Join(", ", found.Select(one => $"{one.Severity} {one.Code}")), string.Join("; ", found));
    }

    /// <summary>What is found in the answer of a server that does just that.</summary>
    private static async Task<string> FoundAsync(string type, Func<Func<string, Task>, Task> serve, TimeSpan? silence = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        using var gate = new SemaphoreSlim(0);
        app.MapGet("/", async (HttpContext context) =>
        {
            context.Response.ContentType = type.Length == 0 ? null : type;
            try
            {
                await serve(async text =>
                {
                    await context.Response.WriteAsync(text);
                    await context.Response.Body.FlushAsync();
                    await gate.WaitAsync(TimeSpan.FromMilliseconds(200));
                });
            }
            catch (IOException)
            {
                context.Abort();
            }
        });
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var response = await client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        await using var body = new Announcing(await response.Content.ReadAsStreamAsync(), gate);

        var found = await AgUiResponse.CheckAsync(body, response.Content.Headers.ContentType?.ToString() ?? "", new() { MaxSilence = silence ?? TimeSpan.FromSeconds(20) });

        return string.Join(", ", found.Select(one => $"{one.Severity} {one.Code}"));
    }

    /// <summary>Lets the server go on when what it sent has arrived.</summary>
    private sealed class Announcing(Stream inner, SemaphoreSlim gate) : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            gate.Release();
            return read;
        }
    }
}
