using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// Keeps what is fetched ahead within its bound without costing membership. A reader that is merely behind is waited for; one that stands still has its
/// partitions paused inside librdkafka while polling goes on, which costs a fetch again later. Used by the poll thread only.
/// </summary>
internal sealed class FetchFlow(FetchBuffer buffer, TimeProvider time, long limit)
{
    private const int IdlePollMs = 20;
    private const int PausedPollMs = 5;

    // Pausing drops what librdkafka has fetched; a reader that catches up within this time is cheaper to wait for.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(20);

    // Records that wait for the reader longer than a moment outlive the young generation, and moving them costs more than reading them: a reader that keeps up
    // gets them from librdkafka's own memory, a little at a time.
    private const long LittleAhead = 256 * 1024;

    private readonly PatientBound _little = new(Math.Min(LittleAhead, limit), Patience, time);
    private readonly PatientBound _most = new(limit, Patience, time);
    private bool _anyPaused;

    /// <summary>How long the next poll may wait for a record; null means not to poll now, since there is no room.</summary>
    public int? NextWait(IConsumer<byte[]?, byte[]?> client)
    {
        var bytes = buffer.Bytes;
        if (_little.Holds(bytes) || _most.Holds(bytes))
        {
            buffer.WaitForReader(Hold);
            return null;
        }

        if (_most.IsGivenUp || _anyPaused || buffer.IsAnyPausedByUser)
        {
            Apply(client);
        }

        if (!_most.IsGivenUp)
        {
            return _anyPaused ? PausedPollMs : IdlePollMs;
        }

        // Everything stands still: no record can come, but a rebalance can.
        buffer.WaitForReader(Hold);
        return 0;
    }

    /// <summary>A new client knows of no pauses.</summary>
    public void Reset()
    {
        _little.Reset();
        _most.Reset();
        _anyPaused = false;
    }

    private void Apply(IConsumer<byte[]?, byte[]?> client)
    {
        var share = limit / 2 / Math.Max(1, buffer.Count);
        var changes = buffer.Select(partition => (Partition: partition, Wanted: IsToPause(partition, share)));
        var pause = changes.FindAll(static change => change.Wanted && !change.Partition.IsPausedNatively).ConvertAll(static change => change.Partition);
        var resume = changes.FindAll(static change => !change.Wanted && change.Partition.IsPausedNatively).ConvertAll(static change => change.Partition);
        if (pause.Count > 0)
        {
            client.Pause(pause.Select(static partition => partition.Position));
            pause.ForEach(static partition => partition.IsPausedNatively = true);
        }

        if (resume.Count > 0)
        {
            client.Resume(resume.Select(static partition => partition.Position));
            resume.ForEach(static partition => partition.IsPausedNatively = false);
        }

        _anyPaused = changes.Exists(static change => change.Partition.IsPausedNatively);
    }

    // What the user paused may fill its share and no more, so that the others are not crowded out.
    private bool IsToPause(FetchedPartition partition, long share) =>
        partition.IsActive && (_most.IsGivenUp || (partition.IsPausedByUser && partition.Bytes >= (partition.IsPausedNatively ? share / 2 : share)));
}
