using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace DashStream.AgUi;

/// <summary>Why a request gets no events: a status for clients, a code for programs and a text for people, as problem details (RFC 9457).</summary>
internal sealed record AgUiRefusal(int Status, string Code, string Detail)
{
    public const string ReadAgain = "the page must read the thread again without the id and start its view anew";

    public static AgUiRefusal NoThread { get; } = new(StatusCodes.Status400BadRequest, "no-thread", "The request names no thread.");

    public static AgUiRefusal Nothing { get; } = new(StatusCodes.Status404NotFound, "nothing", "There is nothing of this thread.");

    public static AgUiRefusal MalformedId { get; } =
        new(StatusCodes.Status400BadRequest, "malformed-id", $"The Last-Event-ID is none of this endpoint's, whose ids are such as 0@42; {ReadAgain}.");

    /// <summary>Says the same of other threads, other tenants and what never was, so that nobody learns what there is.</summary>
    public static AgUiRefusal ForeignId { get; } =
        new(StatusCodes.Status400BadRequest, "foreign-id", $"The Last-Event-ID is of no event of this thread; {ReadAgain}.");

    public static AgUiRefusal Trimmed { get; } =
        new(StatusCodes.Status410Gone, "trimmed", $"What follows the Last-Event-ID is no longer kept; {ReadAgain}.");

    public static AgUiRefusal NoTopic(string topic) => new(StatusCodes.Status404NotFound, "no-topic", $"There is no topic '{topic}'.");

    public static AgUiRefusal Busy(int most) =>
        new(StatusCodes.Status503ServiceUnavailable, "busy", $"{most} readers are connected, which is the most; come back later.");

    public static AgUiRefusal Unreachable(string topic, StreamErrorKind kind) =>
        new(StatusCodes.Status503ServiceUnavailable, "unreachable", $"Topic '{topic}' cannot be read now ({kind}); come back later.");

    public async Task SendAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        context.Response.ContentType = "application/problem+json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        var body = JsonSerializer.SerializeToUtf8Bytes(new { title = "The thread cannot be sent.", status = Status, code = Code, detail = Detail });
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }
}
