using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace DashStream.AgUi.Tests;

/// <summary>An event as it was sent.</summary>
internal sealed record Sent(string Id, string Data);

/// <summary>The endpoint on a real server, with a client and somebody who records.</summary>
internal sealed class Site(WebApplication app, IStreamProvider provider, DashStreamProducer producer) : IAsyncDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromSeconds(60) };

    public IStreamProvider Provider => provider;

    public DashStreamProducer Producer => producer;

    public HttpClient Client => _client;

    public static async Task<Site> StartAsync(
        IStreamProvider provider,
        int partitions = 1,
        Action<AgUiEndpointOptions>? configure = null,
        Action<WebApplicationBuilder>? build = null,
        Action<WebApplication, IEndpointConventionBuilder>? map = null)
    {
        await provider.Admin.CreateTopicAsync(new TopicSpec("runs", partitions));
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        build?.Invoke(builder);
        var app = builder.Build();
        var endpoint = app.MapDashStreamAgUi("/runs/{thread}", "runs", options =>
        {
            options.Provider = _ => provider;
            options.Heartbeat = TimeSpan.FromMilliseconds(200);
            configure?.Invoke(options);
        });
        map?.Invoke(app, endpoint);
        await app.StartAsync();
        return new Site(app, provider, await DashStreamProducer.OpenAsync(provider, "runs"));
    }

    public Task RecordAsync(string thread, params string[] events) => RecordAsync(thread, events, new AgUiRecorder(thread));

    public async Task RecordAsync(string thread, string[] events, AgUiRecorder recorder)
    {
        Assert.IsNotNull(thread);
        await recorder.RecordAsync(producer, AgUiReader.Read(Recordings.Lines(events)).ToAsyncEnumerable());
    }

    public async Task<HttpResponseMessage> GetAsync(string thread, string? last = null, string query = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/runs/{thread}{query}");
        if (last is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        }

        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public async Task<List<Sent>> ReadAsync(string thread, string? last = null)
    {
        using var response = await GetAsync(thread, last);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, await TextAsync(response));
        Assert.AreEqual("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        var sent = new List<Sent>();
        var id = "";
        foreach (var line in (await response.Content.ReadAsStringAsync()).Split('\n'))
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line[4..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                sent.Add(new Sent(id, line[6..]));
            }
        }

        return sent;
    }

    private static async Task<string> TextAsync(HttpResponseMessage response) =>
        response.StatusCode == HttpStatusCode.OK ? "" : await response.Content.ReadAsStringAsync();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await app.DisposeAsync();
        await producer.DisposeAsync();
        await provider.DisposeAsync();
    }
}
