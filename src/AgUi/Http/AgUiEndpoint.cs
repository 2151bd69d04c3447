using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DashStream.AgUi;

/// <summary>Answers requests for threads: decides whether there is anything to read, then lets a reader do it.</summary>
internal sealed partial class AgUiEndpoint(string topic, AgUiEndpointOptions options)
{
    private int _readers;

    public async Task ServeAsync(HttpContext context)
    {
        if (Interlocked.Increment(ref _readers) > options.MaxReaders)
        {
            Interlocked.Decrement(ref _readers);
            context.Response.Headers.RetryAfter = Math.Ceiling(options.Retry.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            await AgUiRefusal.Busy(options.MaxReaders).SendAsync(context).ConfigureAwait(false);
            return;
        }

        var stopping = context.RequestServices.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            if (await TryServeAsync(context, ended.Token).ConfigureAwait(false) is { } refusal)
            {
                await refusal.SendAsync(context).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The browser went away or the host stops: whoever comes back names the last event that arrived.
        }
        catch (StreamException e) when (!context.Response.HasStarted)
        {
            var refusal = e.Kind switch
            {
                StreamErrorKind.NotFound => AgUiRefusal.NoTopic(topic),
                StreamErrorKind.OutOfRange => AgUiRefusal.Trimmed,
                _ => AgUiRefusal.Unreachable(topic, e.Kind),
            };
            await refusal.SendAsync(context).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _readers);
        }
    }

    private async Task<AgUiRefusal?> TryServeAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var thread = ThreadOf(context);
        if (string.IsNullOrWhiteSpace(thread))
        {
            return AgUiRefusal.NoThread;
        }

        var provider = options.Provider(context.RequestServices);
        if (await provider.Admin.DescribeTopicAsync(topic, cancellationToken).ConfigureAwait(false) is not { } description)
        {
            return AgUiRefusal.NoTopic(topic);
        }

        AgUiPlace? last = null;
        if (LastEventOf(context) is { Length: > 0 } named)
        {
            if (!AgUiPlace.TryParse(named, out var place))
            {
                return AgUiRefusal.MalformedId;
            }

            if (Fault(place.Position, description) is { } fault)
            {
                return fault;
            }

            last = place;
        }

        var reader = new AgUiThreadReader(context, options, new AgUiRequest(topic, thread, last, options.Tenant?.Invoke(context), Follows(context)), description);
        return await reader.RunAsync(provider, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Servers leave one escape of a path as it is, so that a slash and the text %2F, sent as %252F, look alike; the request as it came tells them apart.</summary>
    private static string? ThreadOf(HttpContext context)
    {
        var thread = context.GetRouteValue("thread") as string;
        if (thread is null || EscapedSlash().Count(thread) is var count && count == 0)
        {
            return thread;
        }

        var sent = EscapedSlash().Matches(context.Features.Get<IHttpRequestFeature>()?.RawTarget.Split('?')[0] ?? "");
        var at = 0;
        return EscapedSlash().Replace(thread, match => sent.Count == count && sent[at++].Length > match.Length ? match.Value : "/");
    }

    [GeneratedRegex("%(?:25)?2[Ff]", RegexOptions.CultureInvariant)]
    private static partial Regex EscapedSlash();

    /// <summary>Browsers send the header when they come back by themselves; pages that begin anew can only put it into the address.</summary>
    private static string? LastEventOf(HttpContext context) =>
        context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } header ? header : context.Request.Query["lastEventId"].ToString();

    private bool Follows(HttpContext context) => bool.TryParse(context.Request.Query["follow"], out var follow) ? follow : options.Follow;

    private static AgUiRefusal? Fault(StreamPosition position, TopicDescription description)
    {
        if (description.Partitions.FirstOrDefault(one => one.Partition == position.Partition) is not { } held || position.Offset >= held.Bounds.End)
        {
            return AgUiRefusal.ForeignId;
        }

        // Its own message may be gone as long as what follows is there.
        var begin = held.Bounds.Begin;
        return begin > 0 && position.Offset < begin - 1 ? AgUiRefusal.Trimmed : null;
    }
}

/// <summary>What a request asks for.</summary>
internal sealed record AgUiRequest(string Topic, string Thread, AgUiPlace? Last, string? Tenant, bool Follow);
