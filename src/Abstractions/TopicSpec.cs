namespace DashStream;

/// <summary>How a topic is made. Partitions are fixed for good; what is not set is not limited.</summary>
public sealed record TopicSpec
{
    /// <summary>Most partitions of a topic that the embedded providers take.</summary>
    public const int MaxPartitions = 1024;

    /// <summary>A topic of that name and number of partitions.</summary>
    public TopicSpec(string name, int partitions = 1)
    {
        Name = name;
        Partitions = partitions;
    }

    /// <summary>The name, by the rule of <see cref="StreamNames"/>.</summary>
    public string Name { get; init; }

    /// <summary>1 to 1024.</summary>
    public int Partitions { get; init; }

    /// <summary>Records older than this may be removed. Null: never by age. At least one second.</summary>
    public TimeSpan? RetentionAge { get; init; }

    /// <summary>Oldest records may be removed while a partition holds more bytes than this. Null: never by size. At least 1 KiB.</summary>
    public long? RetentionBytes { get; init; }

    /// <summary>Settings that only one provider knows, by its own names; a provider refuses those it does not know.</summary>
    public IReadOnlyDictionary<string, string> ProviderSettings { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Checks name and ranges.</summary>
    /// <exception cref="StreamException">Something is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public void Validate()
    {
        StreamNames.ThrowIfInvalidTopic(Name);
        Require(Partitions is >= 1 and <= MaxPartitions, nameof(Partitions), $"is {Partitions}; allowed are 1 to {MaxPartitions}");
        Require(RetentionAge is null || RetentionAge >= TimeSpan.FromSeconds(1), nameof(RetentionAge), $"is {RetentionAge}; the least is 1 s");
        Require(RetentionBytes is null or >= 1024, nameof(RetentionBytes), $"is {RetentionBytes}; the least is 1 KiB");
    }

    private void Require(bool holds, string name, string fault)
    {
        if (!holds)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"Topic '{Name}': {name} {fault}.");
        }
    }
}

/// <summary>A topic as it is.</summary>
/// <param name="Spec">How it was made.</param>
/// <param name="Partitions">What each partition holds, by number.</param>
public sealed record TopicDescription(TopicSpec Spec, IReadOnlyList<PartitionDescription> Partitions);

/// <summary>A partition as it is.</summary>
/// <param name="Partition">Number, from 0.</param>
/// <param name="Bounds">Offsets held.</param>
/// <param name="Records">Number of records held, or null when the provider cannot count them.</param>
/// <param name="SizeBytes">Bytes stored, or null when unknown.</param>
public sealed record PartitionDescription(int Partition, PartitionBounds Bounds, long? Records, long? SizeBytes);
