namespace DashStream.Health;

/// <summary>What a hosted handler is at.</summary>
internal enum HandlerState
{
    /// <summary>Not started yet, or waiting for its backend.</summary>
    Opening,

    /// <summary>Reading.</summary>
    Running,

    /// <summary>Stopped in an orderly way.</summary>
    Stopped,

    /// <summary>Ended with an error.</summary>
    Failed,
}
