namespace DashStream.Conformance;

/// <summary>Topics are made, described, listed, deleted and kept apart.</summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class TopicsConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private static readonly string[] InvalidNames =
        ["", ".", "..", "a/b", "a\\b", "../up", "nul\0", "with space", "ümlaut", "a:b", "a*", "new\nline", new('x', StreamNames.MaxLength + 1)];

    [Case]
    [Rule("B1-3", "Nothing leaks from one topic into another")]
    public async Task Topics_are_isolated()
    {
        var first = await CreateTopicAsync();
        var second = await CreateTopicAsync();

        await SendAsync(first, Sample.Numbered(50));
        await SendAsync(second, Sample.Numbered(50, from: 50));

        Expect.Sequence(0, 50, await ReadAsync(first, 50));
        Expect.Sequence(50, 50, await ReadAsync(second, 50));
    }

    [Case]
    [Rule("DS-13", "Topics whose names differ in case, or in where a dot or a dash stands, are different topics; a name that the backend takes for another's is refused")]
    public async Task Names_that_look_alike_are_different_topics()
    {
        var stem = NewName();
        string[] topics = [$"{stem}.a", $"{stem}.A", $"{stem}-a", $"{stem}_a", $"{stem}..a", $"{stem}a", $"{stem}a-0", $"-{stem}"];
        var created = new List<string>();
        foreach (var topic in topics)
        {
            try
            {
                await Provider.Admin.CreateTopicAsync(new TopicSpec(topic));
                created.Add(topic);
            }
            catch (StreamException e) when (e.Kind == StreamErrorKind.InvalidRequest && created.Exists(other => Blurred(other) == Blurred(topic)))
            {
                // Kafka names its metrics so that a dot and an underscore look the same, and refuses the second.
                continue;
            }

            await SendAsync(topic, Sample.Text(topic));
        }

        foreach (var topic in created)
        {
            Assert.AreEqual(topic, Sample.TextOf((await ReadAsync(topic, 1))[0]));
        }
    }

    private static string Blurred(string topic) => topic.Replace('_', '.');

    [Case]
    [Rule("B1-4", "Twenty topics at work at once are all correct")]
    public async Task Many_topics_at_once_are_all_correct()
    {
        const int topics = 20;
        var each = Load.Of(100);

        await Task.WhenAll(Enumerable.Range(0, topics).Select(async i =>
        {
            var topic = await CreateTopicAsync(partitions: 2);
            await SendAsync(topic, Sample.Numbered(each, keys: 8, from: i * each));
            var read = await ReadAsync(topic, each);
            CollectionAssert.AreEquivalent(Enumerable.Range(i * each, each).ToArray(), Sample.NumbersOf(read).ToArray());
        }));
    }

    [Case]
    [Rule("B6-98", "A topic that was made is described as it was asked for, and holds nothing yet")]
    public async Task A_new_topic_is_described_as_asked_for()
    {
        var topic = await CreateTopicAsync(partitions: 3);

        var found = await Provider.Admin.DescribeTopicAsync(topic);

        Assert.IsNotNull(found);
        Assert.AreEqual((topic, 3), (found.Spec.Name, found.Spec.Partitions));
        Expect.Partitions(found.Partitions.Select(partition => partition.Partition), 0, 1, 2);
        Assert.IsTrue(found.Partitions.All(partition => partition.Bounds.Begin == partition.Bounds.End));
        Assert.AreEqual(3, (await OpenProducerAsync(topic)).PartitionCount);
    }

    [Case]
    [Rule("DS-70", "The settings of a topic are described as they were asked for, also when the store was opened again")]
    public async Task Settings_are_described_as_asked_for()
    {
        var spec = new TopicSpec(NewName(), 2)
        {
            RetentionAge = Capabilities.RetentionByAge ? TimeSpan.FromHours(30) : null,
            RetentionBytes = Capabilities.RetentionBySize ? 5_000_000_000 : null,
        };
        await Provider.Admin.CreateTopicAsync(spec);
        var provider = Provider;
        if (Capabilities.Persistent)
        {
            await Provider.DisposeAsync();
            provider = await OpenProviderAsync();
        }

        var found = (await provider.Admin.DescribeTopicAsync(spec.Name))!.Spec;

        Assert.AreEqual((spec.Name, 2, spec.RetentionAge, spec.RetentionBytes), (found.Name, found.Partitions, found.RetentionAge, found.RetentionBytes));
    }

    [Case]
    [Rule("DS-14", "The bounds of a partition frame its records")]
    public async Task Bounds_frame_the_records()
    {
        var topic = await CreateTopicAsync();
        var positions = await SendAsync(topic, Sample.Numbered(5));

        var bounds = (await Provider.Admin.DescribeTopicAsync(topic))!.Partitions[0].Bounds;

        Assert.AreEqual(positions[0].Offset, bounds.Begin);
        Assert.IsGreaterThan(positions[^1].Offset, bounds.End);
    }

    [Case]
    [Rule("B6-98", "Creating a topic again with the same partitions changes nothing")]
    public async Task Creating_a_topic_again_changes_nothing()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        await SendAsync(topic, Sample.Numbered(10, keys: 4));

        await Provider.Admin.CreateTopicAsync(new TopicSpec(topic, 2));

        Expect.EachOnce(10, await ReadAsync(topic, 10));
    }

    [Case]
    [Rule("DS-15", "Creating a topic at the same time from many sides makes one")]
    public async Task Creating_a_topic_from_many_sides_makes_one()
    {
        var topic = NewName();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Provider.Admin.CreateTopicAsync(new TopicSpec(topic, 2)).AsTask())));

        Assert.HasCount(1, (await Provider.Admin.ListTopicsAsync()).Where(name => name == topic));
    }

    [Case]
    [Rule("DS-16", "Creating a topic that exists with other partitions is refused, and it stays as it is")]
    public async Task Creating_a_topic_with_other_partitions_is_refused()
    {
        var topic = await CreateTopicAsync(partitions: 2);

        await Expect.RefusalAsync(StreamErrorKind.AlreadyExists, () => Provider.Admin.CreateTopicAsync(new TopicSpec(topic, 3)).AsTask());

        Assert.AreEqual(2, (await Provider.Admin.DescribeTopicAsync(topic))!.Spec.Partitions);
    }

    [Case]
    [Rule("B6-98", "Topics are listed by name, sorted")]
    public async Task Topics_are_listed_sorted()
    {
        var stem = NewName();
        foreach (var end in new[] { "b", "a", "C" })
        {
            await Provider.Admin.CreateTopicAsync(new TopicSpec(stem + end));
        }

        var listed = (await Provider.Admin.ListTopicsAsync()).Where(name => name.StartsWith(stem, StringComparison.Ordinal));

        CollectionAssert.AreEqual(new[] { stem + "C", stem + "a", stem + "b" }, listed.ToArray());
    }

    [Case]
    [Rule("B6-98", "A deleted topic is gone, and deleting it again says that there was none")]
    public async Task A_deleted_topic_is_gone()
    {
        var topic = await CreateTopicAsync();

        Assert.IsTrue(await Provider.Admin.DeleteTopicAsync(topic));

        Assert.IsFalse(await Provider.Admin.DeleteTopicAsync(topic));
        Assert.IsNull(await Provider.Admin.DescribeTopicAsync(topic));
        Assert.IsFalse((await Provider.Admin.ListTopicsAsync()).Contains(topic));
    }

    [Case]
    [Rule("DS-17", "A topic made again under the name of a deleted one starts anew: no records, no groups, other partitions allowed")]
    public async Task A_topic_made_again_starts_anew()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        await SendAsync(topic, Sample.Numbered(10, keys: 3));
        await Provider.Admin.ResetGroupAsync(topic, "old", null, SeekTarget.End);

        await Provider.Admin.DeleteTopicAsync(topic);
        await Provider.Admin.CreateTopicAsync(new TopicSpec(topic, 3));
        await SendAsync(topic, Sample.Numbered(5, keys: 3));

        Expect.EachOnce(5, await ReadAsync(topic, 5));
        Assert.IsNull(await Provider.Admin.DescribeGroupAsync(topic, "old"));
    }

    [Case]
    [Rule("DS-18", "Invalid topic names are refused wherever they are given, and make nothing")]
    public async Task Invalid_names_are_refused()
    {
        foreach (var name in InvalidNames)
        {
            await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => Provider.Admin.CreateTopicAsync(new TopicSpec(name)).AsTask());
            await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => Provider.OpenProducerAsync(name).AsTask());
            await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => Provider.OpenConsumerAsync(name, new StreamConsumerOptions()).AsTask());
            await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => Provider.Admin.DescribeTopicAsync(name).AsTask());
            await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => Provider.Admin.DeleteTopicAsync(name).AsTask());
        }
    }

    [Case]
    [Rule("DS-19", "Names of the greatest length work, for topics and for groups")]
    public async Task The_longest_names_work()
    {
        var topic = NewName().PadRight(StreamNames.MaxLength, 'x');
        var group = new string('g', StreamNames.MaxLength);

        await SendAsync(topic, Sample.Numbered(3));
        await Provider.Admin.ResetGroupAsync(topic, group, null, SeekTarget.End);

        Expect.EachOnce(3, await ReadAsync(topic, 3));
        Assert.IsNotNull(await Provider.Admin.DescribeGroupAsync(topic, group));
    }

    [Case]
    [Rule("DS-20", "Numbers of partitions out of range, and settings the provider does not know, are refused and make nothing")]
    public async Task Settings_that_cannot_be_honoured_are_refused()
    {
        var topic = NewName();
        TopicSpec[] specs =
        [
            new(topic, 0), new(topic, TopicSpec.MaxPartitions + 1), new(topic) { RetentionAge = TimeSpan.FromMilliseconds(1) }, new(topic) { RetentionBytes = 1 },
            new(topic) { ProviderSettings = new Dictionary<string, string> { ["no.such.setting"] = "1" } },
        ];

        foreach (var spec in specs)
        {
            await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => Provider.Admin.CreateTopicAsync(spec).AsTask());
        }

        Assert.IsNull(await Provider.Admin.DescribeTopicAsync(topic));
    }

    [Case]
    [Rule("B7-119", "A missing topic is made on first use where the options say so")]
    public async Task A_missing_topic_is_made_where_configured()
    {
        var topic = NewName();

        await SendAsync(topic, Sample.Numbered(5));

        Expect.EachOnce(5, await ReadAsync(topic, 5));
        Assert.IsNotNull(await Provider.Admin.DescribeTopicAsync(topic));
    }

    [Case]
    [Rule("B7-118", "A missing topic is refused as not found by producer and consumer where the options say so")]
    [Rule("B7-119", "A missing topic is an error where the options say so, and stays missing")]
    public async Task A_missing_topic_is_refused_where_configured()
    {
        var strict = await OpenProviderAsync(createMissingTopics: false);
        var topic = NewName();

        await Expect.RefusalAsync(StreamErrorKind.NotFound, () => strict.OpenProducerAsync(topic).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.NotFound, () => strict.OpenConsumerAsync(topic, new StreamConsumerOptions()).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.NotFound, () => strict.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = "g" }).AsTask());

        Assert.IsNull(await strict.Admin.DescribeTopicAsync(topic));
    }

    [Case]
    [Rule("DS-21", "Administration never makes a topic: what does not exist is not found, or described as nothing")]
    public async Task Administration_makes_no_topic()
    {
        var topic = NewName();
        var admin = Provider.Admin;

        Assert.IsNull(await admin.DescribeTopicAsync(topic));
        Assert.IsNull(await admin.DescribeGroupAsync(topic, "g"));
        Assert.IsFalse(await admin.DeleteGroupAsync(topic, "g"));
        Assert.IsEmpty(await admin.ListGroupsAsync(topic));
        await Expect.RefusalAsync(StreamErrorKind.NotFound, () => admin.TrimAsync(topic, new StreamPosition(0, 0)).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.NotFound, () => admin.FindAsync(topic, 0, 0).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.NotFound, () => admin.ResetGroupAsync(topic, "g", null, SeekTarget.End).AsTask());

        Assert.IsNull(await admin.DescribeTopicAsync(topic));
    }

    [Case]
    [Rule("DS-22", "Partitions that a topic does not have are refused")]
    public async Task Partitions_that_do_not_exist_are_refused()
    {
        var topic = await CreateTopicAsync(partitions: 2);
        var producer = await OpenProducerAsync(topic);
        var outside = new StreamRecord(default, null) { TargetPartition = 2 };

        await Expect.RefusalAsync(StreamErrorKind.InvalidRequest, () => producer.SendAsync(outside).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.NotFound, () => Provider.Admin.TrimAsync(topic, new StreamPosition(2, 0)).AsTask());
        await Expect.RefusalAsync(StreamErrorKind.NotFound, () => Provider.Admin.FindAsync(topic, 2, 0).AsTask());
        await Expect.RefusalAsync(
            StreamErrorKind.NotFound, () => Provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Partitions = [0, 2] }).AsTask());
    }
}
