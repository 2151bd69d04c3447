namespace DashStream;

/// <summary>What <see cref="DashStreamProducer.Post"/> does when <see cref="DashStreamProducerOptions.MaxPosted"/> posted messages are undecided.</summary>
public enum PostPolicy
{
    /// <summary>Drops the message that is posted. Nothing is disturbed that was accepted before.</summary>
    DropNewest,

    /// <summary>
    /// Drops the oldest posted message that was not handed over to the provider yet: one that waits for permits or room, and so has no number. Where all were handed
    /// over, the message that is posted is dropped.
    /// </summary>
    DropOldest,

    /// <summary>Blocks the caller until there is room, for <see cref="DashStreamProducerOptions.MaxPostWait"/> at most; then drops the message that is posted.</summary>
    Wait,
}
