using System.Diagnostics;

namespace DashStream.Telemetry;

/// <summary>The span and the duration of a message that its reader handles by itself, from the moment it is given out. Ended once, by whoever comes first.</summary>
internal sealed class ProcessWatch(Activity? span, TagList tags, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private int _ended;

    public Activity? Span => span;

    public void End()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }

        MessagingMeter.ProcessDuration.Record(time.GetElapsedTime(_started).TotalSeconds, tags);
        if (span is not null)
        {
            // Ending a span makes current what was so when it began, which is not what the caller is at.
            var current = Activity.Current;
            span.Stop();
            Activity.Current = ReferenceEquals(current, span) ? null : current;
        }
    }
}
