using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Runs;

/// <summary>Where the spans under one root are recorded: in the run that the application itself records, or in a thread of their own. Thread-safe.</summary>
/// <param name="runs">The queue.</param>
/// <param name="frame">Where the application's run stood, or null.</param>
/// <param name="lane">The lane of a thread of its own, or null.</param>
internal sealed class GenAiThread(DashStreamRuns runs, RunFrame? frame, RunLane? lane)
{
    private const int MostOpenCalls = 1000;

    private readonly Dictionary<string, string> _openCalls = new(StringComparer.Ordinal);

    public bool IsOfARun => frame is not null;

    /// <summary>Records a message as of a moment.</summary>
    /// <returns>Its id, or, when it was lost, that of its cause.</returns>
    public ByteString Tell(DashStreamMessage message, ByteString cause, long timestampUs)
    {
        if (frame is not null)
        {
            return frame.Run.TellAsOf(message, cause, timestampUs);
        }

        RunHeaders.Set(message, lane!.NewHeader(cause, timestampUs));
        return runs.Record(lane, message, mayThrow: false) ? MessageParts.HeaderOf(message)!.MessageId : cause;
    }

    /// <summary>Adds to the counts of the run and of the node in it that all this happens in.</summary>
    public void AddTokens(TokenUsage usage) => frame?.Run.Trace.AddTokens(frame.Node, usage);

    /// <summary>A model asked for a tool; its answer may show up in a span of its own, or only in the next model call.</summary>
    public void OpenCall(string callId, string toolName)
    {
        lock (_openCalls)
        {
            if (_openCalls.Count < MostOpenCalls && callId.Length > 0)
            {
                _openCalls[callId] = toolName;
            }
        }
    }

    public bool HasOpenCalls
    {
        get
        {
            lock (_openCalls)
            {
                return _openCalls.Count > 0;
            }
        }
    }

    /// <summary>The oldest open call of a tool, or null: some libraries leave the id out of the tool's own span.</summary>
    public string? OpenCallOf(string toolName)
    {
        lock (_openCalls)
        {
            foreach (var (callId, name) in _openCalls)
            {
                if (name == toolName)
                {
                    return callId;
                }
            }

            return null;
        }
    }

    /// <summary>The call is answered. Gives the tool's name, or null when it was not open.</summary>
    public string? CloseCall(string callId)
    {
        lock (_openCalls)
        {
            return _openCalls.Remove(callId, out var toolName) ? toolName : null;
        }
    }
}
