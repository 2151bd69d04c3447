namespace DashStream;

/// <summary>Where in its way a message failed for good.</summary>
public enum DeadLetterStage
{
    /// <summary>The provider did not store it.</summary>
    Send,

    /// <summary>Its bytes are no message that can be read here.</summary>
    Decode,

    /// <summary>Its handler failed.</summary>
    Handler,
}
