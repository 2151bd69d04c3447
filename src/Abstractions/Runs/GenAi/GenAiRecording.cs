using System.Diagnostics;
using System.IO.Enumeration;
using System.Text;
using DashStream.Protocol;
using DashStream.Runs;

namespace DashStream;

/// <summary>
/// Records what an application's AI libraries tell by OpenTelemetry's conventions for generative AI, without a line of recording code in the application: it
/// listens to their activity sources and turns spans into model calls, tool executions and nodes. Inside a <see cref="DashStreamRun"/> they become part of that
/// run; elsewhere the thread is the conversation's id, or the trace's. Never blocks and never throws into the application. The runs are not owned.
/// </summary>
/// <remarks>
/// Spans are asked for with all their data and not marked as recorded, so nothing more is exported than before; activities exist, however, where nobody listened
/// before. A span's start is told with the first span under it or with its end, because its tags come after its start.
/// </remarks>
public sealed class GenAiRecording : IDisposable
{
    private const int MaxAncestors = 64;

    private readonly DashStreamRuns _runs;
    private readonly GenAiRecordingOptions _options;
    private readonly string[] _sources;
    private readonly ActivityListener _listener;
    private readonly string _key = $"dashstream.{Guid.NewGuid():N}";

    /// <summary>Begins to listen.</summary>
    /// <param name="runs">Where to record.</param>
    /// <param name="options">Settings; null means the defaults.</param>
    /// <exception cref="StreamException">A setting is out of range.</exception>
    public GenAiRecording(DashStreamRuns runs, GenAiRecordingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(runs);
        _runs = runs;
        _options = options ?? new GenAiRecordingOptions();
        OptionFaults.ThrowIfAny(nameof(GenAiRecordingOptions), _options.Faults());
        _sources = [.. _options.Sources];
        _listener = new ActivityListener
        {
            ShouldListenTo = source => Array.Exists(_sources, pattern => FileSystemName.MatchesSimpleExpression(pattern, source.Name)),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            SampleUsingParentId = (ref ActivityCreationOptions<string> _) => ActivitySamplingResult.AllData,
            ActivityStarted = Started,
            ActivityStopped = Stopped,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Stops listening. Spans that are open then are not told any further.</summary>
    public void Dispose() => _listener.Dispose();

    internal GenAiThread ThreadOf(Activity root, RunFrame? frame)
    {
        if (frame is not null)
        {
            return new GenAiThread(_runs, frame, null);
        }

        var conversation = GenAiTags.Text(root, GenAiNames.Conversation);
        var threadId = string.IsNullOrWhiteSpace(conversation) ? root.TraceId.ToHexString() : conversation;
        return new GenAiThread(_runs, null, _runs.NewLane(threadId, _options.TenantId));
    }

    internal string? ContentOf(Activity span, string name) =>
        _options.RecordContent && GenAiTags.Content(span, name) is { } text && Encoding.UTF8.GetByteCount(text) <= _options.MaxTextBytes ? text : null;

    internal IReadOnlyList<GenAiPart> PartsOf(Activity span, string name) => GenAiPart.Of(ContentOf(span, name));

    internal void AddTag(Event body, string name, object? value)
    {
        if (!_options.RecordContent && GenAiNames.IsContent(name))
        {
            return;
        }

        if (value is string text && Encoding.UTF8.GetByteCount(text) is var bytes && bytes > _options.MaxTextBytes)
        {
            RunAttributes.Add(body.Attributes, name + "_bytes_left_out", bytes);
            return;
        }

        RunAttributes.Add(body.Attributes, name, value);
    }

    private void Started(Activity activity)
    {
        try
        {
            var parent = ParentOf(activity);
            var frame = parent is null && RunFrame.Current is { } current && current.Run.IsRecordedBy(_runs) ? current : null;
            activity.SetCustomProperty(_key, new GenAiSpan(this, activity, parent, frame));
        }
        catch (Exception e)
        {
            // Whatever is wrong with a span, the library that made it must not feel it.
            _runs.Refuse(MessageType.Unspecified, e);
        }
    }

    private void Stopped(Activity activity)
    {
        try
        {
            (activity.GetCustomProperty(_key) as GenAiSpan)?.End();
        }
        catch (Exception e)
        {
            _runs.Refuse(MessageType.Unspecified, e);
        }
    }

    private GenAiSpan? ParentOf(Activity activity)
    {
        var above = activity.Parent;
        for (var i = 0; above is not null && i < MaxAncestors; i++, above = above.Parent)
        {
            if (above.GetCustomProperty(_key) is GenAiSpan span)
            {
                return span;
            }
        }

        return null;
    }
}
