namespace DashStream.Providers;

/// <summary>What a memory provider does when its capacity is used up.</summary>
public enum MemoryFullPolicy
{
    /// <summary>Sends fail with <see cref="StreamErrorKind.Full"/>; nothing is lost.</summary>
    Refuse,

    /// <summary>The oldest records of the topic make room; a running reader that had not come to them is told of the gap.</summary>
    DropOldest,
}
