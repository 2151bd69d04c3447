namespace DashStream.Providers;

/// <summary>How hard SQLite works to keep a transaction, by its own names.</summary>
public enum SqliteSynchronous
{
    /// <summary>Handed to the operating system: survives a crash of the process, not of the machine (<see cref="StreamDurability.Machine"/>).</summary>
    Normal,

    /// <summary>Flushed to the disk before a send completes (<see cref="StreamDurability.Disk"/>); slower.</summary>
    Full,
}
