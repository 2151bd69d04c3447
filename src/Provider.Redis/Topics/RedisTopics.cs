using System.Globalization;

namespace DashStream.Providers;

/// <summary>Topics: made, found, listed and removed.</summary>
internal sealed class RedisTopics(RedisConnection connection, RedisKeys keys)
{
    private static readonly RedisScript Create = RedisScript.Load("create");
    private static readonly RedisScript Wake = RedisScript.Load("wake", "wake-append");
    private static readonly RedisScript CreatePartition = RedisScript.Load("create-partition");

    /// <summary>False when there is one of that name.</summary>
    public async ValueTask<bool> TryCreateAsync(TopicSpec topic, CancellationToken cancellationToken)
    {
        // Listed first: a topic that is there and not listed would stay unseen, one that is listed and not there is passed over.
        await connection.ExecuteAsync("SADD", cancellationToken, keys.Topics, topic.Name).ConfigureAwait(false);
        var words = new List<object> { "", 2, keys.Topic(topic.Name), keys.Wake(topic.Name) };
        if (!keys.Spread)
        {
            words.AddRange(Enumerable.Range(0, topic.Partitions).Select(partition => (object)keys.State(topic.Name, partition)));
            words[1] = 2 + topic.Partitions;
        }

        words.Add(topic.Partitions);
        words.Add(topic.RetentionAge is { } age ? age.Ticks / TimeSpan.TicksPerMicrosecond : "");
        words.Add(topic.RetentionBytes is { } bytes ? bytes : "");
        var isNew = (int)await connection.EvaluateAsync(Create, [.. words], cancellationToken).ConfigureAwait(false) == 1;
        for (var partition = 0; isNew && keys.Spread && partition < topic.Partitions; partition++)
        {
            await MakePartitionAsync(topic.Name, partition, cancellationToken).ConfigureAwait(false);
        }

        return isNew;
    }

    /// <summary>Makes a partition that has a slot of its own, unless it is there.</summary>
    public async ValueTask MakePartitionAsync(string topic, int partition, CancellationToken cancellationToken) =>
        await connection.EvaluateAsync(CreatePartition, ["", 1, keys.State(topic, partition)], cancellationToken).ConfigureAwait(false);

    public async ValueTask<TopicSpec?> FindAsync(string topic, CancellationToken cancellationToken)
    {
        var row = (string?[]?)await connection
            .ExecuteAsync("HMGET", cancellationToken, keys.Topic(topic), "partitions", "retention_age_us", "retention_bytes").ConfigureAwait(false);
        if (row is not [{ } partitions, var age, var bytes])
        {
            return null;
        }

        if (!int.TryParse(partitions, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > TopicSpec.MaxPartitions
            || !TryRead(age, long.MaxValue / TimeSpan.TicksPerMicrosecond, out var ageUs) || !TryRead(bytes, long.MaxValue, out var retentionBytes))
        {
            throw new StreamException(StreamErrorKind.Incompatible,
                $"The Redis hash '{keys.Topic(topic)}' does not describe a topic of ours: its partitions are '{partitions}', its retention is '{age}' and '{bytes}'.");
        }

        return new TopicSpec(topic, count)
        {
            RetentionAge = ageUs is { } us ? TimeSpan.FromTicks(us * TimeSpan.TicksPerMicrosecond) : null,
            RetentionBytes = retentionBytes,
        };
    }

    public async ValueTask<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        var names = ((string?[]?)await connection.ExecuteAsync("SMEMBERS", cancellationToken, keys.Topics).ConfigureAwait(false) ?? []).OfType<string>().ToArray();
        var exist = await connection.RunAsync(
            database => Task.WhenAll(names.Select(name => database.ExecuteAsync("EXISTS", keys.Topic(name)))), cancellationToken).ConfigureAwait(false);
        return [.. names.Where((_, i) => (int)exist[i] == 1)];
    }

    public async ValueTask<bool> DeleteAsync(string topic, CancellationToken cancellationToken)
    {
        if (await FindAsync(topic, cancellationToken).ConfigureAwait(false) is not { } spec)
        {
            return false;
        }

        var groups = ((string?[]?)await connection.ExecuteAsync("SMEMBERS", cancellationToken, keys.Groups(topic)).ConfigureAwait(false) ?? []).OfType<string>();
        object[] own = [keys.Topic(topic), keys.Groups(topic), .. groups.Select(group => (object)keys.Group(topic, group))];

        // Whoever waits for the topic learns that there is something to look at, before nobody can tell any more.
        await connection.EvaluateAsync(Wake, ["", 1, keys.Wake(topic)], cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync("DEL", cancellationToken, [.. own, keys.Wake(topic), .. keys.Spread ? [] : PartitionKeys(spec)]).ConfigureAwait(false);
        for (var partition = 0; keys.Spread && partition < spec.Partitions; partition++)
        {
            await connection.ExecuteAsync("DEL", cancellationToken, [.. PartitionKeys(topic, partition)]).ConfigureAwait(false);
        }

        await connection.ExecuteAsync("SREM", cancellationToken, keys.Topics, topic).ConfigureAwait(false);
        return true;
    }

    private IEnumerable<object> PartitionKeys(TopicSpec spec) => Enumerable.Range(0, spec.Partitions).SelectMany(partition => PartitionKeys(spec.Name, partition));

    private IEnumerable<object> PartitionKeys(string topic, int partition) =>
        [keys.Partition(topic, partition), keys.State(topic, partition), keys.Times(topic, partition), keys.Shown(topic, partition)];

    private static bool TryRead(string? text, long most, out long? number)
    {
        var isNumber = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var read) && read <= most;
        number = isNumber ? read : null;
        return isNumber || string.IsNullOrEmpty(text);
    }
}
