using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Runs;

/// <summary>
/// What the application is in the middle of: the run itself, a node, a model call, a tool call. The innermost one flows with the asynchronous context, so that
/// a message knows what caused it without being told.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="parent">What it stands in, also of another run; null for nothing.</param>
/// <param name="cause">The id of the message that opened it, or the nearest one above that was taken.</param>
/// <param name="nodeId">The node it belongs to, or empty.</param>
/// <param name="node">The node's line in the trace, or null.</param>
internal sealed class RunFrame(DashStreamRun run, RunFrame? parent, ByteString cause, string nodeId, NodeExecutionRecord? node)
{
    private static readonly AsyncLocal<RunFrame?> Innermost = new();

    private volatile bool _closed;

    /// <summary>The innermost frame that is open, of any run; null outside of all.</summary>
    public static RunFrame? Current
    {
        get
        {
            var frame = Innermost.Value;
            while (frame is { _closed: true })
            {
                frame = frame.Parent;
            }

            return frame;
        }
    }

    public DashStreamRun Run => run;

    public RunFrame? Parent => parent;

    public ByteString Cause => cause;

    public string NodeId => nodeId;

    public NodeExecutionRecord? Node => node;

    /// <summary>The innermost open frame of one run.</summary>
    public static RunFrame? CurrentOf(DashStreamRun run)
    {
        var frame = Innermost.Value;
        while (frame is not null && (frame._closed || frame.Run != run))
        {
            frame = frame.Parent;
        }

        return frame;
    }

    public RunFrame Enter()
    {
        Innermost.Value = this;
        return this;
    }

    /// <summary>Closes it. Other flows that still stand in it look to what is around it.</summary>
    /// <returns>False when it was closed before.</returns>
    public bool TryClose()
    {
        if (Interlocked.Exchange(ref _closed, true))
        {
            return false;
        }

        if (Innermost.Value == this)
        {
            Innermost.Value = Current;
        }

        return true;
    }
}
