using System.Globalization;
using System.Net;

namespace DashStream.AgUi;

/// <summary>
/// Checks the answer of any AG-UI server as it comes: its content type, the framing of its events, silences, events that came all at once, and a connection that
/// broke in a run, beside all that <see cref="AgUiValidator"/> checks. Safe to call concurrently.
/// </summary>
public static class AgUiResponse
{
    /// <summary>Reads an answer to its end and checks it.</summary>
    /// <param name="response">The answer; ask for it with <see cref="HttpCompletionOption.ResponseHeadersRead"/>, or all comes at once. It is not disposed.</param>
    /// <param name="options">What counts, and the limits; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>What was found, in the order in which it was.</returns>
    /// <exception cref="StreamException">The answer is no success: <see cref="StreamErrorKind.Unauthorized"/>, <see cref="StreamErrorKind.NotFound"/>,
    /// <see cref="StreamErrorKind.Transient"/> for faults of the server, else <see cref="StreamErrorKind.InvalidRequest"/>.</exception>
    public static async Task<IReadOnlyList<AgUiFinding>> CheckAsync(
        HttpResponseMessage response, AgUiResponseOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(response);
        if (!response.IsSuccessStatusCode)
        {
            throw new StreamException(KindOf(response.StatusCode), $"The server answered {(int)response.StatusCode} instead of events; ask it again as it wants to be asked.");
        }

        if (response.StatusCode == HttpStatusCode.NoContent)
        {
            return [];
        }

        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var disposal = body.ConfigureAwait(false);
        return await CheckAsync(body, response.Content.Headers.ContentType?.MediaType ?? "", options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a body to its end and checks it.</summary>
    /// <param name="body">The body; it stays open. A read that fails is a connection that broke.</param>
    /// <param name="contentType">Its media type, such as <c>text/event-stream</c>; empty when the server named none.</param>
    /// <param name="options">What counts, and the limits; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>What was found, in the order in which it was.</returns>
    public static async Task<IReadOnlyList<AgUiFinding>> CheckAsync(
        Stream body, string contentType, AgUiResponseOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(contentType);
        var used = AgUiResponseOptions.Checked(options);
        var type = contentType.Split(';')[0].Trim().ToLowerInvariant();
        var collected = new AgUiCollector(used.Validation, used.Reading, type);
        if (type is not ("text/event-stream" or "application/x-ndjson"))
        {
            collected.Report(AgUiRule.ContentType, $"the content type is '{AgUiIds.Bounded(type)}'; send text/event-stream");
        }

        using var watched = new WatchedStream(body, used.Time);
        try
        {
            await foreach (var item in AgUiReader.ReadAsync(watched, collected.Reading, collected.Framing, cancellationToken).ConfigureAwait(false))
            {
                collected.Add(item);
            }
        }
        catch (AgUiException e)
        {
            collected.Add(e);
        }

        ReportArrival(watched, used, collected);
        return collected.End();
    }

    private static void ReportArrival(WatchedStream watched, AgUiResponseOptions options, AgUiCollector collected)
    {
        if (watched.LongestSilence > options.MaxSilence)
        {
            collected.Report(AgUiRule.Silence, string.Create(CultureInfo.InvariantCulture,
                $"nothing came for {watched.LongestSilence.TotalSeconds:0.#} s; send a comment at least every {options.MaxSilence.TotalSeconds:0.#} s"));
        }

        if (watched.Pieces == 1 && collected.Events > 2)
        {
            collected.Report(AgUiRule.Buffered, $"all {collected.Events} events came at once; flush each, unless they were replayed");
        }

        if (watched.Failure is not null && (collected.IsRunOpen || collected.Events == 0))
        {
            collected.Report(AgUiRule.ConnectionLost, "the connection broke before the run ended; ask again with the last id");
        }
    }

    private static StreamErrorKind KindOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => StreamErrorKind.Unauthorized,
        HttpStatusCode.NotFound => StreamErrorKind.NotFound,
        HttpStatusCode.TooManyRequests => StreamErrorKind.Throttled,
        >= HttpStatusCode.InternalServerError => StreamErrorKind.Transient,
        _ => StreamErrorKind.InvalidRequest,
    };
}
