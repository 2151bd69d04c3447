using DashStream;
using DashStream.Protocol;

namespace AgentDemo.Recording;

/// <summary>
/// Tells a topic what one agent run does. Nothing waits for the store while the agent works: sends of one thread keep their order, and a flush at the end of
/// each node sees that they are stored. Durations are measured.
/// </summary>
internal sealed class RunRecorder(DashStreamProducer producer, string threadId, TimeProvider time)
{
    private readonly List<Task<SendReceipt>> _sends = [];
    private int _modelCalls;

    /// <summary>Messages stored so far.</summary>
    public long Stored { get; private set; }

    /// <summary>A moment to measure from.</summary>
    public long Now => time.GetTimestamp();

    /// <summary>Microseconds since a moment, at least 1.</summary>
    public long Since(long moment) => Math.Max(1, (long)time.GetElapsedTime(moment).TotalMicroseconds);

    public void Event(EventType type, string node = "", long durationUs = 0, params (string Name, object Value)[] attributes)
    {
        var body = new Event { Header = Header(), EventType = type, NodeId = node, DurationUs = durationUs };
        foreach (var (name, value) in attributes)
        {
            body.Attributes[name] = value is bool flag ? new AttributeValue { BoolValue = flag } : new AttributeValue { StringValue = (string)value };
        }

        Send(body);
    }

    public void State(StateDiff diff)
    {
        diff.Header = Header();
        Send(diff);
    }

    public void Tool(ToolExecution execution)
    {
        execution.Header = Header();
        Send(execution);
    }

    /// <summary>A model call: begins now and ends when it is disposed.</summary>
    public ModelCallRecorder ModelCall(string node, string model) => new(this, node, model, $"{threadId}/{++_modelCalls}");

    /// <summary>Returns when everything so far is stored.</summary>
    public async Task FlushAsync()
    {
        await Task.WhenAll(_sends);
        Stored += _sends.Count;
        _sends.Clear();
    }

    internal Header Header() => new() { ThreadId = threadId };

    internal void Send(DashStreamMessage message) => _sends.Add(producer.SendAsync(message).AsTask());
}
