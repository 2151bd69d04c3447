namespace DashStream.Client;

/// <summary>What one turn of a message with the dispatcher came to.</summary>
internal readonly struct Turn
{
    private Turn(bool ends, bool again, bool behind, Task? until)
    {
        Ends = ends;
        IsAgain = again;
        IsBehind = behind;
        Until = until;
    }

    /// <summary>The message is out of the dispatcher's hands; the next of its key may go.</summary>
    public static Turn Next => default;

    /// <summary>The run is ending: nothing behind this message may start.</summary>
    public static Turn End => new(ends: true, again: false, behind: false, null);

    public bool Ends { get; }

    /// <summary>The message goes back to its place in the key.</summary>
    public bool IsAgain { get; }

    /// <summary>What was kept aside goes before it.</summary>
    public bool IsBehind { get; }

    /// <summary>The key stands still until this ends, and holds no worker meanwhile. Null: it does not stand still.</summary>
    public Task? Until { get; }

    /// <summary>The same message again, once <paramref name="until"/> has ended.</summary>
    public static Turn Again(Task until) => new(ends: false, again: true, behind: false, until);

    /// <summary>The same message again, but behind what was kept aside of its thread.</summary>
    public static Turn Behind(Task until) => new(ends: false, again: true, behind: true, until);

    /// <summary>The next message, once <paramref name="until"/> has ended.</summary>
    public static Turn After(Task until) => new(ends: false, again: false, behind: false, until);
}
