using System.Diagnostics;

namespace DashStream.Telemetry;

/// <summary>A batch being sent. Links are added by one call at a time.</summary>
internal sealed class BatchSpan(Activity? span, long started)
{
    private int _links;

    public Activity? Span { get; } = span;

    public long Started { get; } = started;

    /// <summary>A failure among its messages.</summary>
    public Exception? Error { get; set; }

    /// <summary>False when the span has as many links as a span may have.</summary>
    public bool TakeLink() => Span is not null && _links++ < StreamSpans.MaxLinks;
}
