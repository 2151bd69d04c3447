using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using DashStream.Providers;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DashStream.AgUi.Tests;

/// <summary>The endpoint with many, slow, fleeing, foreign and unknown browsers.</summary>
[TestClass]
public sealed class HardEndpointTests
{
    private const string Start = """{"type":"RUN_STARTED","threadId":"t","runId":"r"}""";
    private const string Finish = """{"type":"RUN_FINISHED","threadId":"t","runId":"r"}""";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task A_thousand_browsers_follow_one_thread_and_are_let_go()
    {
        var provider = new CountingProvider(new MemoryProvider());
        await using var site = await Site.StartAsync(provider, configure: options => options.Heartbeat = TimeSpan.FromSeconds(15));
        await site.RecordAsync("t", Start);
        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < 20; i++)
        {
            answers.AddRange(await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => site.GetAsync("t"))));
        }

        using var oneMore = await site.GetAsync("t");
        await site.RecordAsync("t", ["""{"type":"STEP_STARTED","stepName":"s"}""", """{"type":"STEP_FINISHED","stepName":"s"}""", Finish], new AgUiRecorder("t"));
        var texts = await Task.WhenAll(answers.Select(answer => answer.Content.ReadAsStringAsync(TestContext.CancellationToken)));

        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, oneMore.StatusCode);
        Assert.IsTrue(texts.All(text => text.Contains("RUN_FINISHED", StringComparison.Ordinal)));
        Assert.HasCount(1, texts.Distinct().ToList());
        await UntilAsync(() => provider.Open == 0);
        answers.ForEach(answer => answer.Dispose());
    }

    [TestMethod]
    public async Task A_browser_that_goes_away_in_the_middle_leaves_nothing_open()
    {
        var provider = new CountingProvider(new MemoryProvider());
        await using var site = await Site.StartAsync(provider);
        await site.RecordAsync("t", [Start, .. Large(300, 50_000)]);
        for (var i = 0; i < 5; i++)
        {
            using var response = await site.GetAsync("t");
            await using var body = await response.Content.ReadAsStreamAsync(TestContext.CancellationToken);
            await body.ReadExactlyAsync(new byte[100_000], TestContext.CancellationToken);
        }

        await UntilAsync(() => provider.Open == 0);
        Assert.IsLessThan(5 * 300, provider.Read);
    }

    [TestMethod]
    public async Task What_is_read_for_a_browser_that_does_not_read_is_bounded()
    {
        var provider = new CountingProvider(new MemoryProvider());
        await using var site = await Site.StartAsync(provider);
        await site.RecordAsync("t", [Start, .. Large(400, 100_000), Finish]);
        using var slow = await site.GetAsync("t");

        var fast = await site.ReadAsync("t");

        Assert.HasCount(402, fast);
        Assert.IsLessThan(2 * 402 - 100, provider.Read);
    }

    [TestMethod]
    public async Task An_event_of_a_megabyte_arrives_whole_and_one_over_the_limit_is_refused_when_it_is_recorded()
    {
        await using var site = await Site.StartAsync(new MemoryProvider(), configure: options => options.MaxReaderBytes = 1024);
        string[] events = [Start, .. Large(2, 1_000_000), Finish];
        var recorder = new AgUiRecorder("t");
        await site.RecordAsync("t", events[..3], recorder);
        var error = await Assert.ThrowsExactlyAsync<CodecException>(() => site.RecordAsync("t", [.. Large(1, 4_000_000)], recorder));
        await site.RecordAsync("t", events[3..], recorder);

        var sent = await site.ReadAsync("t");

        Assert.AreEqual(StreamErrorKind.TooLarge, error.Kind);
        CollectionAssert.AreEqual(events, sent.Select(item => item.Data).ToArray());
    }

    [TestMethod]
    public async Task Threads_of_any_name_are_told_apart()
    {
        await using var site = await Site.StartAsync(new MemoryProvider());
        string[] threads = ["a b", "a/b", "a%2Fb", "a%2fb", "a%2F/b", "%", "%25", "a+b", "a?b#c&d=e", "ü", "日本", "😀", "a\"'<>\\|", "...", "a;b,c:d@e", "t\u0301", new string('x', 200)];
        foreach (var thread in threads)
        {
            await site.RecordAsync(thread, Start, $$"""{"type":"CUSTOM","name":"a.b","value":"{{Uri.EscapeDataString(thread)}}"}""", Finish);
        }

        foreach (var thread in threads)
        {
            var sent = await site.ReadAsync(Uri.EscapeDataString(thread));

            Assert.HasCount(3, sent, thread);
            StringAssert.Contains(sent[1].Data, $"\"{Uri.EscapeDataString(thread)}\"");
        }
    }

    [TestMethod]
    [DataRow("%00")]
    [DataRow("%ff%fe")]
    [DataRow("%20")]
    [DataRow("a%0d%0ab")]
    [DataRow("..%2F..%2Fetc")]
    public async Task Names_that_are_none_are_refused_or_unknown(string path)
    {
        await using var site = await Site.StartAsync(new MemoryProvider());

        using var response = await site.GetAsync(path);

        Assert.IsInRange(400, 404, (int)response.StatusCode);
    }

    [TestMethod]
    public async Task The_endpoint_asks_who_comes_where_it_is_told_to()
    {
        await using var site = await Site.StartAsync(
            new MemoryProvider(),
            build: builder =>
            {
                builder.Services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, HeaderScheme>("test", null);
                builder.Services.AddAuthorization();
            },
            map: (_, endpoint) => endpoint.RequireAuthorization());
        await site.RecordAsync("t", Start, Finish);

        using var stranger = await site.GetAsync("t");
        site.Client.DefaultRequestHeaders.Add("X-User", "anna");

        Assert.AreEqual(HttpStatusCode.Unauthorized, stranger.StatusCode);
        Assert.HasCount(2, await site.ReadAsync("t"));
    }

    [TestMethod]
    public async Task Pages_of_other_sites_may_read_where_they_are_allowed_to()
    {
        const string Page = "https://page.example";
        await using var site = await Site.StartAsync(
            new MemoryProvider(),
            build: builder => builder.Services.AddCors(cors => cors.AddPolicy("pages", policy => policy.WithOrigins(Page).WithHeaders("Last-Event-ID"))),
            map: (app, endpoint) =>
            {
                app.UseCors();
                endpoint.RequireCors("pages");
            });
        await site.RecordAsync("t", Start, Finish);
        using var asked = new HttpRequestMessage(HttpMethod.Options, "/runs/t")
        {
            Headers = { { "Origin", Page }, { "Access-Control-Request-Method", "GET" }, { "Access-Control-Request-Headers", "last-event-id" } },
        };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/runs/t") { Headers = { { "Origin", Page } } };
        using var foreign = new HttpRequestMessage(HttpMethod.Get, "/runs/t") { Headers = { { "Origin", "https://other.example" } } };

        using var allowed = await site.Client.SendAsync(asked, TestContext.CancellationToken);
        using var answer = await site.Client.SendAsync(request, TestContext.CancellationToken);
        using var other = await site.Client.SendAsync(foreign, TestContext.CancellationToken);

        Assert.AreEqual("last-event-id", string.Join(',', allowed.Headers.GetValues("Access-Control-Allow-Headers")).ToLowerInvariant());
        Assert.AreEqual(Page, answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.IsFalse(other.Headers.Contains("Access-Control-Allow-Origin"));
    }

    /// <summary>Of text that does not become smaller when it is stored.</summary>
    private static IEnumerable<string> Large(int count, int size)
    {
        var random = new Random(count);
        return Enumerable.Range(0, count).Select(i =>
        {
            var bytes = new byte[size * 3 / 4];
            random.NextBytes(bytes);
            return $$"""{"type":"CUSTOM","name":"a.n{{i}}","value":"{{Convert.ToBase64String(bytes)}}"}""";
        });
    }

    private async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            TestContext.CancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class HeaderScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Request.Headers["X-User"].ToString() is { Length: > 0 } user
            ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, user)], "test")), "test"))
            : AuthenticateResult.NoResult());
    }
}
