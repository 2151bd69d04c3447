using DashStream.Stores;

namespace DashStream.Providers;

/// <summary>
/// Appends a batch to the partitions it touches, all or nothing: takes the locks of all of them in ascending order, writes to each once, then publishes. If
/// anything fails before that, what was written is taken back. A process that dies in between leaves whole records that nobody was told of.
/// </summary>
internal static class TopicAppend
{
    public static async ValueTask RunAsync(TopicLog topic, AppendBatch batch, bool sync, CancellationToken cancellationToken)
    {
        var touched = PartitionsOf(topic, batch);
        var held = new List<FileLock.Held>(touched.Count);
        try
        {
            foreach (var partition in touched)
            {
                held.Add(await partition.Lock.AcquireAsync(cancellationToken).ConfigureAwait(false));
            }

            Store(topic, batch, touched, sync);
        }
        finally
        {
            foreach (var one in held)
            {
                one.Dispose();
            }
        }
    }

    private static List<PartitionLog> PartitionsOf(TopicLog topic, AppendBatch batch)
    {
        var isTouched = new bool[topic.Partitions.Count];
        for (var i = 0; i < batch.Count; i++)
        {
            isTouched[topic.Partition(batch.PartitionAt(i)).Partition] = true;
        }

        return [.. topic.Partitions.Where(partition => isTouched[partition.Partition])];
    }

    private static void Store(TopicLog topic, AppendBatch batch, List<PartitionLog> touched, bool sync)
    {
        foreach (var partition in touched)
        {
            partition.Writer.Prepare();
        }

        for (var i = 0; i < batch.Count; i++)
        {
            topic.Partitions[batch.PartitionAt(i)].Writer.Add(batch, i);
        }

        Write(touched, sync);
        foreach (var partition in touched)
        {
            partition.Writer.Publish();
        }
    }

    private static void Write(List<PartitionLog> touched, bool sync)
    {
        try
        {
            foreach (var partition in touched)
            {
                partition.Writer.Write();
            }

            for (var i = 0; sync && i < touched.Count; i++)
            {
                touched[i].Writer.Sync();
            }
        }
        catch
        {
            foreach (var partition in touched)
            {
                partition.Writer.Undo();
            }

            throw;
        }
    }
}
