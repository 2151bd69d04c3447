using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DashStream.AgUi;

/// <summary>Answers requests for threads: decides whether there is anything to read, then lets a reader do it.</summary>
internal sealed class AgUiEndpoint(string topic, AgUiEndpointOptions options)
{
    private int _readers;

    public async Task ServeAsync(HttpContext context)
    {
        if (Interlocked.Increment(ref _readers) > options.MaxReaders)
        {
            Interlocked.Decrement(ref _readers);
            context.Response.Headers.RetryAfter = Math.Ceiling(options.Retry.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, $"{options.MaxReaders} readers are connected, which is the most; come back later.").ConfigureAwait(false);
            return;
        }

        var stopping = context.RequestServices.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await ServeAsync(context, ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The browser went away or the host stops: whoever comes back names the last event that arrived.
        }
        catch (StreamException e) when (!context.Response.HasStarted)
        {
            await RefuseAsync(context, e.Kind == StreamErrorKind.NotFound ? StatusCodes.Status404NotFound : StatusCodes.Status503ServiceUnavailable,
                $"Topic '{topic}' cannot be read now ({e.Kind}); come back later.").ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _readers);
        }
    }

    private async Task ServeAsync(HttpContext context, CancellationToken cancellationToken)
    {
        // The one escape that servers leave as it is in a path.
        var thread = (context.GetRouteValue("thread") as string)?.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        if (string.IsNullOrWhiteSpace(thread))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "The request names no thread.").ConfigureAwait(false);
            return;
        }

        var provider = options.Provider(context.RequestServices);
        if (await provider.Admin.DescribeTopicAsync(topic, cancellationToken).ConfigureAwait(false) is not { } description)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, $"There is no topic '{topic}'.").ConfigureAwait(false);
            return;
        }

        AgUiPlace? last = null;
        if (LastEventOf(context) is { Length: > 0 } named)
        {
            if (Fault(named, description, out var place) is var (status, why))
            {
                await RefuseAsync(context, status, why).ConfigureAwait(false);
                return;
            }

            last = place;
        }

        var reader = new AgUiThreadReader(context, options, new AgUiRequest(topic, thread, last, options.Tenant?.Invoke(context), Follows(context)), description);
        if (!await reader.RunAsync(provider, cancellationToken).ConfigureAwait(false))
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "There is nothing of this thread.").ConfigureAwait(false);
        }
    }

    /// <summary>Browsers send the header when they come back by themselves; pages that begin anew can only put it into the address.</summary>
    private static string? LastEventOf(HttpContext context) =>
        context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } header ? header : context.Request.Query["lastEventId"].ToString();

    private bool Follows(HttpContext context) => bool.TryParse(context.Request.Query["follow"], out var follow) ? follow : options.Follow;

    private (int Status, string Why)? Fault(string named, TopicDescription description, out AgUiPlace place)
    {
        if (!AgUiPlace.TryParse(named, out place))
        {
            return (StatusCodes.Status400BadRequest, "The Last-Event-ID is none of this endpoint's; send the id of an event, such as 0@42, or none.");
        }

        var partition = place.Position.Partition;
        if (description.Partitions.FirstOrDefault(one => one.Partition == partition) is not { } held || place.Position.Offset >= held.Bounds.End)
        {
            return (StatusCodes.Status400BadRequest, $"The Last-Event-ID lies outside of topic '{topic}'; send the id of an event that you were sent, or none.");
        }

        // Its own message may be gone as long as what follows is there.
        var begin = held.Bounds.Begin;
        return begin > 0 && place.Position.Offset < begin - 1
            ? (StatusCodes.Status410Gone, "What follows the Last-Event-ID is no longer kept; read again without it.")
            : null;
    }

    private static async Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(why, context.RequestAborted).ConfigureAwait(false);
    }
}

/// <summary>What a request asks for.</summary>
internal sealed record AgUiRequest(string Topic, string Thread, AgUiPlace? Last, string? Tenant, bool Follow);
