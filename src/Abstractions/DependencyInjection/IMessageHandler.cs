namespace DashStream;

/// <summary>Handles the messages of a topic for a group. Resolved in a scope of its own for each message.</summary>
public interface IMessageHandler
{
    /// <summary>Handles one message. Returning means done; throwing means not done. Calls of one key come one at a time, others in parallel.</summary>
    /// <param name="message">The message and its record.</param>
    /// <param name="cancellationToken">Fires when a stop runs out of time.</param>
    ValueTask HandleAsync(ReceivedMessage message, CancellationToken cancellationToken);
}

/// <summary>Handles the messages of a topic for a group in batches. Resolved in a scope of its own for each call.</summary>
public interface IBatchMessageHandler
{
    /// <summary>Handles a batch, in order within each key. Returning means all are done; throwing means none is.</summary>
    /// <param name="messages">At least one. After a batch has failed for the last time, its messages come alone.</param>
    /// <param name="cancellationToken">Fires when a stop runs out of time.</param>
    ValueTask HandleAsync(IReadOnlyList<ReceivedMessage> messages, CancellationToken cancellationToken);
}

/// <summary>Names what a handler class reads, for <see cref="DashStreamBuilder.AddHandlersFrom"/>.</summary>
/// <param name="topic">The topic.</param>
/// <param name="group">The group.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class MessageHandlerAttribute(string topic, string group) : Attribute
{
    /// <summary>The topic.</summary>
    public string Topic { get; } = topic;

    /// <summary>The group.</summary>
    public string Group { get; } = group;

    /// <summary>The stream it belongs to, as named in <c>AddDashStream(name)</c>; null means the unnamed one.</summary>
    public string? Stream { get; set; }
}

/// <summary>Told about every delivery to a registered handler. Called on the handler's path: return at once. One that throws is logged, and changes nothing.</summary>
public interface IDeliveryObserver
{
    /// <summary>The handler returned.</summary>
    void Handled(string topic, string group, ReceivedMessage message);

    /// <summary>The handler threw.</summary>
    void Failed(string topic, string group, ReceivedMessage message, Exception error);
}
