namespace DashStream.Protocol;

public sealed partial class DashStreamMessage
{
    /// <summary>Wraps a body.</summary>
    public static implicit operator DashStreamMessage(Event body) => new() { Event = body };

    /// <summary>Wraps a body.</summary>
    public static implicit operator DashStreamMessage(StateDiff body) => new() { StateDiff = body };

    /// <summary>Wraps a body.</summary>
    public static implicit operator DashStreamMessage(TokenChunk body) => new() { TokenChunk = body };

    /// <summary>Wraps a body.</summary>
    public static implicit operator DashStreamMessage(ToolExecution body) => new() { ToolExecution = body };

    /// <summary>Wraps a body.</summary>
    public static implicit operator DashStreamMessage(Checkpoint body) => new() { Checkpoint = body };

    /// <summary>Wraps a body.</summary>
    public static implicit operator DashStreamMessage(Metrics body) => new() { Metrics = body };

    /// <summary>Wraps a body.</summary>
    public static implicit operator DashStreamMessage(Error body) => new() { Error = body };

    /// <summary>Wraps a body.</summary>
    public static implicit operator DashStreamMessage(EventBatch body) => new() { EventBatch = body };

    /// <summary>Wraps a body.</summary>
    public static implicit operator DashStreamMessage(ExecutionTrace body) => new() { ExecutionTrace = body };
}
