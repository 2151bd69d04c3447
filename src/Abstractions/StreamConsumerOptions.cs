namespace DashStream;

/// <summary>How to read a topic: as a member of a group, or alone with explicit partitions.</summary>
public sealed class StreamConsumerOptions
{
    /// <summary>The group to join, or null to read alone: then nothing is committed and <see cref="Partitions"/> (default: all) are read.</summary>
    public string? Group { get; set; }

    /// <summary>Without a group: the partitions to read; null means all. With a group it must be null: the group assigns them.</summary>
    public IReadOnlyList<int>? Partitions { get; set; }

    /// <summary>
    /// Where to begin in a partition without a committed position (or without a group). Default: the beginning. <see cref="SeekTarget.End"/> means the end as
    /// it is when the consumer opens: what is appended later is read, however late the partition is assigned or first read.
    /// </summary>
    public SeekTarget Start { get; set; } = SeekTarget.Beginning;

    /// <summary>Hears assignments; null when nobody needs to.</summary>
    public IAssignmentListener? Listener { get; set; }

    /// <summary>A name for this member in listings; the provider makes the id unique. Default: the machine's name. At most 100 characters.</summary>
    public string MemberName { get; set; } = Environment.MachineName;

    /// <summary>How long a silent member keeps its partitions. Default 10 s; 500 ms to 30 min.</summary>
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a member says it is alive. Default 3 s; at least 50 ms and at most a third of <see cref="SessionTimeout"/>.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Most records one read returns. Default 500; 1 to 100,000.</summary>
    public int MaxBatchRecords { get; set; } = 500;

    /// <summary>Most bytes of keys, values and headers one read returns, except that one record always fits. Default 4 MiB; 1 KiB to 256 MiB.</summary>
    public int MaxBatchBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (Group is not null && Partitions is not null)
        {
            yield return $"{nameof(Partitions)} must be null when a group is named: the group assigns partitions";
        }

        if (Start is null)
        {
            yield return $"{nameof(Start)} must be set";
        }

        if (MemberName is not { Length: > 0 and <= 100 })
        {
            yield return $"{nameof(MemberName)} must have 1 to 100 characters";
        }

        if (SessionTimeout < TimeSpan.FromMilliseconds(500) || SessionTimeout > TimeSpan.FromMinutes(30))
        {
            yield return $"{nameof(SessionTimeout)} is {SessionTimeout}; allowed are 500 ms to 30 min";
        }

        if (HeartbeatInterval < TimeSpan.FromMilliseconds(50) || HeartbeatInterval > SessionTimeout / 3)
        {
            yield return $"{nameof(HeartbeatInterval)} is {HeartbeatInterval}; allowed are 50 ms to a third of the session time-out ({SessionTimeout / 3})";
        }

        if (MaxBatchRecords is < 1 or > 100_000)
        {
            yield return $"{nameof(MaxBatchRecords)} is {MaxBatchRecords}; allowed are 1 to 100,000";
        }

        if (MaxBatchBytes is < 1024 or > 256 * 1024 * 1024)
        {
            yield return $"{nameof(MaxBatchBytes)} is {MaxBatchBytes}; allowed are 1 KiB to 256 MiB";
        }
    }

    /// <summary>Throws when the group's name is invalid or <see cref="Faults"/> finds anything.</summary>
    /// <exception cref="StreamException">Values are out of range (<see cref="StreamErrorKind.InvalidRequest"/>); the message names each.</exception>
    public void Validate()
    {
        if (Group is not null)
        {
            StreamNames.ThrowIfInvalidGroup(Group);
        }

        OptionFaults.ThrowIfAny(nameof(StreamConsumerOptions), Faults());
    }

    internal StreamConsumerOptions Copy() => (StreamConsumerOptions)MemberwiseClone();
}
