using System.Globalization;

namespace DashStream.Conformance;

/// <summary>
/// A fixed script of calls, right ones and wrong ones, and what a provider answered to each, as text in which positions are ordinals of their partition. Two
/// providers that give the same answers can stand in for each other: compare a stand-in's with the real one's (rule B7-130).
/// </summary>
public sealed class AnswerScript
{
    private const int Partitions = 2;
    private const int Count = 12;

    private readonly IStreamProvider _provider;
    private readonly List<string> _answers = [];
    private readonly SortedSet<StreamPosition>[] _known = [[], []];
    private readonly string _topic = $"script-{Guid.NewGuid():N}";

    private AnswerScript(IStreamProvider provider) => _provider = provider;

    /// <summary>Runs the script and disposes the provider, which is its last step. Returns one line for each call, in order.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(IStreamProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        var script = new AnswerScript(provider);
        await script.AskTopicsAsync();
        await script.AskSendsAsync();
        await script.AskSeeksAsync();
        await script.AskGroupsAsync();
        await script.AskTrimsAsync();
        await script.AskEndsAsync();
        return script._answers;
    }

    private async Task AskTopicsAsync()
    {
        var admin = _provider.Admin;
        await AskAsync("describe missing", async () => $"{await admin.DescribeTopicAsync(_topic)}");
        await AskAsync("create", () => admin.CreateTopicAsync(new TopicSpec(_topic, Partitions)));
        await AskAsync("create again", () => admin.CreateTopicAsync(new TopicSpec(_topic, Partitions)));
        await AskAsync("create wider", () => admin.CreateTopicAsync(new TopicSpec(_topic, Partitions + 1)));
        await AskAsync("create with unknown setting", () => admin.CreateTopicAsync(
            new TopicSpec(_topic + "x") { ProviderSettings = new Dictionary<string, string> { ["no.such.setting"] = "1" } }));
        foreach (var name in new[] { "", "..", "a/b", "a\0b", "é", new string('x', StreamNames.MaxLength + 1) })
        {
            await AskAsync("create badly named", () => admin.CreateTopicAsync(new TopicSpec(name)));
        }

        await AskAsync("describe", DescribeAsync);
        await AskAsync("delete missing", async () => $"{await admin.DeleteTopicAsync(_topic + "x")}");
        await AskAsync("find in missing", async () => $"{await admin.FindAsync(_topic + "x", 0, 0)}");
        await AskAsync("find in missing partition", async () => $"{await admin.FindAsync(_topic, Partitions, 0)}");
    }

    private async Task AskSendsAsync()
    {
        await using var producer = await _provider.OpenProducerAsync(_topic);
        await AskAsync("flush nothing", async () => $"{await producer.FlushAsync()}");
        for (var i = 0; i < Count; i++)
        {
            var record = new StreamRecord(default, Sample.Bytes($"{i}"), null, Sample.TimeUs + (i * 1_000_000L)) { TargetPartition = i % Partitions };
            await AskAsync("send", async () => Shown(Known(await producer.SendAsync(record))));
        }

        var tooLarge = new StreamRecord(default, new byte[_provider.Capabilities.MaxRecordBytes + 1]);
        var nowhere = new StreamRecord(default, null) { TargetPartition = Partitions };
        await AskAsync("send too large", async () => $"{await producer.SendAsync(tooLarge)}");
        await AskAsync("send nowhere", async () => $"{await producer.SendAsync(nowhere)}");
        await AskAsync("send null", async () => $"{await producer.SendAsync(null!)}");
        await AskAsync("send cancelled", async () => $"{await producer.SendAsync(nowhere, new CancellationToken(canceled: true))}");
        await AskAsync("send batch", async () => string.Join(' ', (await producer.SendBatchAsync([Keyed("a"), tooLarge, nowhere, Keyed("b")]))
            .Select(result => result.Error?.Kind.ToString() ?? Shown(Known(result.Position)))));
        await AskAsync("flush", async () => $"{await producer.FlushAsync()}");
        await AskAsync("describe", DescribeAsync);
    }

    private async Task AskSeeksAsync()
    {
        await using var reader = await _provider.OpenConsumerAsync(_topic, new StreamConsumerOptions { Partitions = [0] });
        await AskReadAsync(reader);
        var end = (await _provider.Admin.DescribeTopicAsync(_topic))!.Partitions[0].Bounds.End;
        foreach (var (name, target) in new (string, SeekTarget)[]
        {
            ("beginning", SeekTarget.Beginning), ("end", SeekTarget.End), ("third", SeekTarget.At(_known[0].ElementAt(2).Offset)), ("at end", SeekTarget.At(end)),
            ("past end", SeekTarget.At(end + 1)), ("time", SeekTarget.Time(Sample.TimeUs + 5_000_000)), ("later", SeekTarget.Time(long.MaxValue)),
        })
        {
            await AskAsync($"seek {name}", () => reader.SeekAsync(0, target));
            await AskReadAsync(reader);
        }

        await AskAsync("seek elsewhere", () => reader.SeekAsync(1, SeekTarget.Beginning));
        await AskAsync("commit alone", () => reader.CommitAsync([_known[0].Min]));
        await AskAsync("progress", () => ProgressAsync(reader));
        await AskAsync("read cancelled", async () => $"{await reader.ReadAsync(TimeSpan.Zero, new CancellationToken(canceled: true))}");
        await AskAsync("stop", async () => Shown(await reader.StopAsync(Waits.Positive)));
        await AskAsync("read stopped", async () => $"{await reader.ReadAsync(TimeSpan.Zero)}");
        await AskAsync("open nowhere", async () => $"{await _provider.OpenConsumerAsync(_topic, new StreamConsumerOptions { Partitions = [Partitions] })}");
        await AskAsync("find", async () => Shown(await _provider.Admin.FindAsync(_topic, 1, Sample.TimeUs + 5_000_000)));
    }

    private async Task AskGroupsAsync()
    {
        var admin = _provider.Admin;
        await AskAsync("describe missing group", async () => $"{await admin.DescribeGroupAsync(_topic, "g")}");
        await AskAsync("delete missing group", async () => $"{await admin.DeleteGroupAsync(_topic, "g")}");
        await AskAsync("reset group", () => admin.ResetGroupAsync(_topic, "g", null, SeekTarget.At(_known[0].ElementAt(2).Offset)));
        await AskAsync("describe group", DescribeGroupAsync);
        await using var member = await Member.JoinAsync(_provider, _topic, "g", null, null);
        await member.OwnsAsync(Partitions);
        await AskAsync("reset busy group", () => admin.ResetGroupAsync(_topic, "g", null, SeekTarget.End));
        await AskAsync("delete busy group", async () => $"{await admin.DeleteGroupAsync(_topic, "g")}");
        await AskAsync("commit", () => member.Consumer.CommitAsync([_known[0].ElementAt(4), _known[1].ElementAt(3)]));
        await AskAsync("commit lower", () => member.Consumer.CommitAsync([_known[0].ElementAt(3)]));
        await AskAsync("commit elsewhere", () => member.Consumer.CommitAsync([new StreamPosition(Partitions, 0)]));
        await AskAsync("describe group", DescribeGroupAsync);
        await AskAsync("stop", async () => Shown(await member.Consumer.StopAsync(Waits.Positive)));
        await AskAsync("stop again", async () => Shown(await member.Consumer.StopAsync(TimeSpan.Zero)));
        await AskAsync("commit stopped", () => member.Consumer.CommitAsync([_known[0].Max]));
        await AskAsync("list groups", async () => string.Join(' ', (await admin.ListGroupsAsync(_topic)).Select(group => $"{group.Group}:{group.Members}")));
    }

    private async Task AskTrimsAsync()
    {
        var admin = _provider.Admin;
        var end = (await admin.DescribeTopicAsync(_topic))!.Partitions[0].Bounds.End;
        await AskAsync("trim", () => admin.TrimAsync(_topic, _known[0].Max));
        await AskAsync("trim less", () => admin.TrimAsync(_topic, _known[0].Min));
        await AskAsync("trim past end", () => admin.TrimAsync(_topic, new StreamPosition(0, end + 1)));
        await AskAsync("trim nowhere", () => admin.TrimAsync(_topic, new StreamPosition(Partitions, 0)));
        await AskAsync("describe", DescribeAsync);
        await AskAsync("reset to removed", () => admin.ResetGroupAsync(_topic, "g", 0, SeekTarget.At(_known[0].Min.Offset)));
        await using (var member = await Member.JoinAsync(_provider, _topic, "g", options => options.MaxBatchRecords = 1, null))
        {
            await member.OwnsAsync(Partitions);
            member.Consumer.Pause([1]);
            await AskReadAsync(member.Consumer);
        }

        await AskAsync("delete group", async () => $"{await admin.DeleteGroupAsync(_topic, "g")}");
        await AskAsync("describe group", async () => $"{await admin.DescribeGroupAsync(_topic, "g")}");
    }

    private async Task AskEndsAsync()
    {
        var producer = await _provider.OpenProducerAsync(_topic);
        await AskAsync("stop producer", async () => $"{await producer.StopAsync(Waits.Positive)}");
        await AskAsync("send stopped", async () => $"{await producer.SendAsync(Keyed("a"))}");
        await AskAsync("batch stopped", async () => $"{(await producer.SendBatchAsync([Keyed("a")])).Count}");
        await AskAsync("delete", async () => $"{await _provider.Admin.DeleteTopicAsync(_topic)}");
        await AskAsync("describe", DescribeAsync);
        await AskAsync("health", HealthAsync);
        await _provider.DisposeAsync();
        await AskAsync("list disposed", async () => $"{(await _provider.Admin.ListTopicsAsync()).Count}");
        await AskAsync("open disposed", async () => $"{await _provider.OpenProducerAsync(_topic)}");
        await AskAsync("health disposed", HealthAsync);
    }

    private Task AskReadAsync(IStreamConsumer reader) => AskAsync("read", async () =>
    {
        var records = new List<string>();
        while (await reader.ReadAsync(Waits.Negative) is { } batch && batch.Records.Count + batch.Gaps.Count > 0)
        {
            records.AddRange(batch.Gaps.Select(gap => $"gap {gap.Partition}:{Ordinal(gap.Partition, gap.From)}-{Ordinal(gap.Partition, gap.To)}"));
            records.AddRange(batch.Records.Select(record => $"{Shown(record.Position)}={Sample.TextOf(record)}"));
        }

        return string.Join(' ', records);
    });

    private Task AskAsync(string call, Func<ValueTask> answer) => AskAsync(call, async () =>
    {
        await answer();
        return "done";
    });

    private async Task AskAsync(string call, Func<Task<string>> answer)
    {
        try
        {
            _answers.Add($"{call}: {await answer()}");
        }
        catch (StreamException e)
        {
            _answers.Add($"{call}: refused as {e.Kind}");
        }
        catch (OperationCanceledException)
        {
            _answers.Add($"{call}: cancelled");
        }
        catch (ArgumentException e)
        {
            _answers.Add($"{call}: {e.GetType().Name}");
        }
    }

    private async Task<string> DescribeAsync() => await _provider.Admin.DescribeTopicAsync(_topic) is not { } topic
        ? "none"
        : string.Join(' ', topic.Partitions.Select(partition => $"{partition.Partition}:{Shown(partition.Partition, partition.Bounds)}"));

    private async Task<string> DescribeGroupAsync() => await _provider.Admin.DescribeGroupAsync(_topic, "g") is not { } group
        ? "none"
        : $"{group.Members.Count} members, " + string.Join(' ', group.Partitions.Select(partition =>
            $"{partition.Partition}:{(partition.Owner is null ? "free" : "owned")} done {Done(partition.Partition, partition.Committed)}"));

    private async Task<string> ProgressAsync(IStreamConsumer reader) => string.Join(' ', (await reader.GetProgressAsync()).Select(partition =>
        $"{partition.Partition}: next {Ordinal(partition.Partition, partition.NextOffset)} of {Shown(partition.Partition, partition.Bounds)}"));

    private async Task<string> HealthAsync()
    {
        var health = await _provider.CheckHealthAsync();
        return $"alive {health.Alive}, ready {health.Ready}";
    }

    private static StreamRecord Keyed(string key) => Sample.Text(key, key, timestampUs: Sample.TimeUs);

    private StreamPosition Known(StreamPosition position)
    {
        _known[position.Partition].Add(position);
        return position;
    }

    private string Shown(StopReceipt receipt) =>
        $"complete {receipt.Complete}, left {receipt.Left}, committed {string.Join(' ', receipt.Committed.Order(PartitionOrder).Select(position => Shown(position)))}";

    private string Shown(StreamPosition? position) => position is { } known ? $"{known.Partition}#{Ordinal(known.Partition, known.Offset)}" : "none";

    private string Shown(int partition, PartitionBounds bounds) => $"{Ordinal(partition, bounds.Begin)}-{Ordinal(partition, bounds.End)}";

    // How many of the known records lie before that offset: the same on every provider, whatever its offsets are.
    private int Ordinal(int partition, UInt128 offset) => _known[partition].Count(position => position.Offset < offset);

    private string Done(int partition, UInt128? committed) => committed is { } offset
        ? _known[partition].Count(position => position.Offset <= offset).ToString(CultureInfo.InvariantCulture)
        : "nothing";

    private static Comparer<StreamPosition> PartitionOrder { get; } = Comparer<StreamPosition>.Create((x, y) => x.Partition.CompareTo(y.Partition));
}
