using System.Globalization;
using System.Text;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Runs;

/// <summary>Gathers the summary of one run while it goes on. Bounded; thread-safe.</summary>
internal sealed class RunTrace(string threadId, string executionId, DashStreamRunsOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly ExecutionTrace _trace = new() { ThreadId = threadId, ExecutionId = executionId };
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly long _began = time.GetTimestamp();
    private ReadOnlyMemory<byte> _state;
    private long _nodesLeftOut;
    private long _errorsLeftOut;

    /// <summary>How long the run has been going on.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>Adds a line for a node that starts now, or null when there are enough.</summary>
    public NodeExecutionRecord? AddNode(string nodeId)
    {
        lock (_gate)
        {
            if (_trace.NodesExecuted.Count >= options.MaxTraceNodes)
            {
                _nodesLeftOut++;
                return null;
            }

            var node = new NodeExecutionRecord { Node = nodeId, StartedAt = Iso(time.GetUtcNow()) };
            _trace.NodesExecuted.Add(node);
            return node;
        }
    }

    public void EndNode(NodeExecutionRecord? node, TimeSpan took, bool succeeded)
    {
        lock (_gate)
        {
            if (node is not null)
            {
                node.DurationMs = (ulong)took.TotalMilliseconds;
                node.EndedAt = Iso(time.GetUtcNow());
                node.Succeeded = succeeded;
            }
        }
    }

    public void AddTokens(NodeExecutionRecord? node, TokenUsage usage)
    {
        var (prompt, completion) = ((ulong)Math.Max(0, usage.Prompt), (ulong)Math.Max(0, usage.Completion));
        lock (_gate)
        {
            _trace.TotalTokens += prompt + completion;
            if (node is not null)
            {
                node.PromptTokens += prompt;
                node.CompletionTokens += completion;
                node.TotalTokens += prompt + completion;
            }
        }
    }

    /// <summary>Notes an error. It counts as recovered as long as the run goes on behind it.</summary>
    public void AddError(string nodeId, string code, string message, bool recovered)
    {
        lock (_gate)
        {
            if (_trace.Errors.Count >= options.MaxTraceNodes)
            {
                _errorsLeftOut++;
                return;
            }

            _trace.Errors.Add(new ErrorRecord { Node = nodeId, ErrorCode = code, Message = message, Timestamp = Iso(time.GetUtcNow()), Recovered = recovered });
        }
    }

    public void SetState(ReadOnlyMemory<byte> state)
    {
        lock (_gate)
        {
            _state = state;
        }
    }

    /// <summary>The summary, with this header.</summary>
    public ExecutionTrace End(Header header, bool completed)
    {
        lock (_gate)
        {
            _trace.Header = header;
            _trace.Completed = completed;
            _trace.StartedAt = Iso(_startedAt);
            _trace.EndedAt = Iso(time.GetUtcNow());
            _trace.TotalDurationMs = (ulong)Elapsed.TotalMilliseconds;
            if (_state.Length <= options.MaxTraceStateBytes)
            {
                _trace.FinalState = UnsafeByteOperations.UnsafeWrap(_state);
            }
            else
            {
                AddNumber("final_state_bytes_left_out", _state.Length);
            }

            AddNumber("nodes_left_out", _nodesLeftOut);
            AddNumber("errors_left_out", _errorsLeftOut);

            // What still runs may touch its line of the trace; the message is nobody's but ours.
            return _trace.Clone();
        }
    }

    private static string Iso(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);

    private void AddNumber(string name, long number)
    {
        if (number > 0)
        {
            _trace.Metadata[name] = ByteString.CopyFrom(number.ToString(CultureInfo.InvariantCulture), Encoding.UTF8);
        }
    }
}
