using System.Diagnostics;
using System.Text;

namespace DashStream.Telemetry;

/// <summary>
/// Trace context in record headers, in the form that the application's <see cref="DistributedContextPropagator"/> gives it: by default W3C <c>traceparent</c>,
/// <c>tracestate</c> and <c>baggage</c>.
/// </summary>
internal static class TraceHeaders
{
    public const string Parent = "traceparent";

    /// <summary>The headers with the span's context at the end; the same headers when there is no span, or when they carry a context already.</summary>
    public static StreamHeaders Add(StreamHeaders headers, Activity? span)
    {
        if (span is null || headers.TryGet(Parent, out _))
        {
            return headers;
        }

        var added = new List<StreamHeader>(headers);
        DistributedContextPropagator.Current.Inject(span, added, static (carrier, name, value) =>
        {
            // What tracing has to say must never make a message fail; the standard's own fields are ASCII.
            if (name.Length > 0 && Ascii.IsValid(name) && Ascii.IsValid(value))
            {
                ((List<StreamHeader>)carrier!).Add(new StreamHeader(name, value));
            }
        });
        return added.Count == headers.Count ? headers : StreamHeaders.Create(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(added));
    }

    /// <summary>The context that a record carries; default when there is none, or none that can be read.</summary>
    public static ActivityContext Read(StreamHeaders headers)
    {
        if (headers.Count == 0)
        {
            return default;
        }

        DistributedContextPropagator.Current.ExtractTraceIdAndState(headers, Field, out var parent, out var state);
        return ActivityContext.TryParse(parent, state, isRemote: true, out var context) ? context : default;
    }

    /// <summary>Gives a span the baggage that a record carries.</summary>
    public static void CopyBaggage(StreamHeaders headers, Activity span)
    {
        if (DistributedContextPropagator.Current.ExtractBaggage(headers, Field) is not { } baggage)
        {
            return;
        }

        foreach (var (name, value) in baggage)
        {
            span.AddBaggage(name, value);
        }
    }

    private static void Field(object? carrier, string name, out string? value, out IEnumerable<string>? values)
    {
        values = null;
        value = ((StreamHeaders)carrier!).TryGet(name, out var header) ? header.Text : null;
    }
}
