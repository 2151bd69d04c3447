using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace DashStream.AgUi;

/// <summary>Writes server-sent events. The answer begins with the first of them, so that until then it can still be another.</summary>
internal sealed class AgUiEventStream(HttpContext context, AgUiEndpointOptions options)
{
    private const int FlushBytes = 32 * 1024;

    private int _waiting;
    private long _lastWrite;
    private bool _hasBegun;

    /// <summary>Without a place, an event is one that a later reader is sent again.</summary>
    public void Write(AgUiEvent item, AgUiPlace? place)
    {
        Text(place is null ? "data: " : $"id: {place}\ndata: ");
        Bytes(item.ToWire());
        Bytes("\n\n"u8);
    }

    public void Comment(string text) => Text($": {text}\n\n");

    public bool IsSilentFor(TimeSpan span, TimeProvider time) => time.GetElapsedTime(_lastWrite) >= span;

    public ValueTask FlushIfLargeAsync(TimeProvider time, CancellationToken cancellationToken) =>
        _waiting >= FlushBytes ? FlushAsync(time, cancellationToken) : ValueTask.CompletedTask;

    public async ValueTask FlushAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        if (_waiting > 0)
        {
            _waiting = 0;
            await context.Response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
            _lastWrite = time.GetTimestamp();
        }
    }

    public ValueTask BeatAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        Comment("waiting");
        return FlushAsync(time, cancellationToken);
    }

    /// <summary>Ends the answer; where nothing was sent, the reader is told not to come back.</summary>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (!_hasBegun)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await context.Response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Begin()
    {
        if (_hasBegun)
        {
            return;
        }

        _hasBegun = true;
        var response = context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache, no-transform";
        response.Headers["X-Accel-Buffering"] = "no";
        Text(string.Create(CultureInfo.InvariantCulture, $"retry: {(long)options.Retry.TotalMilliseconds}\n\n"));
    }

    private void Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    private void Bytes(ReadOnlySpan<byte> bytes)
    {
        Begin();
        context.Response.BodyWriter.Write(bytes);
        _waiting += bytes.Length;
    }
}
