using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DashStream.AgUi;

/// <summary>Maps the endpoint from which browsers read recorded and running threads.</summary>
public static class AgUiEndpointExtensions
{
    /// <summary>
    /// Serves a topic's threads as AG-UI events over server-sent events: what is in the log, then what comes, until the last run has ended. The <c>id</c> of each
    /// event is its position; a reader that comes back with it as <c>Last-Event-ID</c> gets exactly what follows, without reading all before it.
    /// Each reader reads the log by itself, so a slow one holds up nobody, and what it holds is bounded.
    /// <list type="bullet">
    /// <item>400: the <c>Last-Event-ID</c> is none, or of no event of this thread.</item>
    /// <item>404: there is no such topic, or nothing of the thread that the request may see.</item>
    /// <item>410: what follows the <c>Last-Event-ID</c> is no longer kept; read again without it.</item>
    /// <item>204: the reader has seen all and the last run has ended; an EventSource then stays away.</item>
    /// <item>503: too many readers, or the log cannot be reached.</item>
    /// </list>
    /// Refusals are problem details with a <c>code</c>.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">The route, with <c>{thread}</c> in it.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="configure">Sets options.</param>
    /// <exception cref="ArgumentException">The route has no <c>{thread}</c>.</exception>
    /// <exception cref="StreamException">An option is out of range, or the topic's name is none.</exception>
    public static IEndpointConventionBuilder MapDashStreamAgUi(
        this IEndpointRouteBuilder endpoints, string pattern, string topic, Action<AgUiEndpointOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        StreamNames.ThrowIfInvalidTopic(topic);
        if (!pattern.Contains("{thread", StringComparison.Ordinal) && !pattern.Contains("{**thread", StringComparison.Ordinal) && !pattern.Contains("{*thread", StringComparison.Ordinal))
        {
            throw new ArgumentException($"The route '{pattern}' does not say where the thread is: put {{thread}} into it.", nameof(pattern));
        }

        var options = new AgUiEndpointOptions();
        configure?.Invoke(options);
        options.Validate();
        var endpoint = new AgUiEndpoint(topic, options);
        return endpoints.MapGet(pattern, (RequestDelegate)endpoint.ServeAsync);
    }
}
