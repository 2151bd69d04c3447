namespace DashStream.State;

/// <summary>Where a message stands in its thread.</summary>
/// <param name="Producer">Whose number it is.</param>
/// <param name="Number">The number; 0 for none.</param>
/// <param name="Position">Where it lies; null when unknown.</param>
internal readonly record struct MessageOrder(string Producer, ulong Number, StreamPosition? Position)
{
    /// <summary>Whether both lie in one partition, so that the log itself says which came first.</summary>
    public bool IsPlacedBeside(in MessageOrder other) => Position is { } mine && other.Position is { } theirs && mine.Partition == theirs.Partition;

    public bool IsSameAs(in MessageOrder other) =>
        IsPlacedBeside(other) ? Position == other.Position : Number != 0 && Number == other.Number && Producer == other.Producer;
}
