namespace DashStream.Conformance;

/// <summary>Reads until enough has come, however the provider cuts its batches.</summary>
internal static class Collect
{
    /// <summary>Reads until <paramref name="count"/> records have come; fails when fewer come in time, or more.</summary>
    public static async Task<IReadOnlyList<StreamRecord>> ExactlyAsync(IStreamConsumer consumer, int count)
    {
        var records = await UntilAsync(consumer, soFar => soFar.Count >= count, $"{count} records");
        Assert.HasCount(count, records, $"The reader of '{consumer.Topic}' was to get {count} records.");
        return records;
    }

    /// <summary>Reads until what has come is enough.</summary>
    public static async Task<IReadOnlyList<StreamRecord>> UntilAsync(
        IStreamConsumer consumer, Func<IReadOnlyList<StreamRecord>, bool> enough, string what) =>
        [.. (await BatchesAsync(consumer, batches => enough([.. batches.SelectMany(batch => batch.Records)]), what)).SelectMany(batch => batch.Records)];

    /// <summary>Reads batches until what has come is enough; keeps those with records or gaps.</summary>
    public static async Task<IReadOnlyList<StreamBatch>> BatchesAsync(
        IStreamConsumer consumer, Func<IReadOnlyList<StreamBatch>, bool> enough, string what)
    {
        var batches = new List<StreamBatch>();
        var started = TimeProvider.System.GetTimestamp();
        while (!enough(batches))
        {
            var left = Waits.Positive - TimeProvider.System.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                Assert.Fail($"Waited {Waits.Positive.TotalSeconds:0} s in vain for {what} of '{consumer.Topic}'; "
                    + $"{batches.Sum(batch => batch.Records.Count)} records came.");
            }

            var batch = await consumer.ReadAsync(left);
            if (batch.Records.Count + batch.Gaps.Count > 0)
            {
                batches.Add(batch);
            }
        }

        return batches;
    }

    /// <summary>Fails when anything comes within the short wait.</summary>
    public static async Task NothingAsync(IStreamConsumer consumer)
    {
        var batch = await consumer.ReadAsync(Waits.Negative);
        Assert.IsEmpty(batch.Records, $"The reader of '{consumer.Topic}' was to get nothing.");
    }
}
