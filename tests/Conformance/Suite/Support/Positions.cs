namespace DashStream.Conformance;

/// <summary>Picks positions out of records.</summary>
internal static class Positions
{
    /// <summary>The last position of each partition among the records: what a reader of all of them commits.</summary>
    public static IReadOnlyList<StreamPosition> LastPositions(this IEnumerable<StreamRecord> records) =>
        [.. records.Select(record => record.Position!.Value).GroupBy(position => position.Partition).Select(group => group.Max())];

    /// <summary>The records of each partition, in the order they came.</summary>
    public static IReadOnlyDictionary<int, List<StreamRecord>> ByPartition(this IEnumerable<StreamRecord> records) =>
        records.GroupBy(record => record.Position!.Value.Partition).ToDictionary(group => group.Key, group => group.ToList());
}
