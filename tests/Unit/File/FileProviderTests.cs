using System.Text;
using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using static DashStream.Tests.FileStore.FileStoreFixture;

namespace DashStream.Tests.FileStore;

[TestClass]
public sealed class FileProviderTests
{
    [TestMethod]
    public async Task Making_a_provider_touches_nothing()
    {
        await using var fixture = new FileStoreFixture();
        await using (var provider = new FileProvider(fixture.Root))
        {
            Assert.AreEqual("file", provider.Name);
        }

        Assert.IsFalse(Directory.Exists(fixture.Root));
    }

    [TestMethod]
    [DataRow(FsyncPolicy.Never, StreamDurability.Machine)]
    [DataRow(FsyncPolicy.OnFlush, StreamDurability.Machine)]
    [DataRow(FsyncPolicy.Interval, StreamDurability.Machine)]
    [DataRow(FsyncPolicy.EachAppend, StreamDurability.Disk)]
    public async Task Sends_under_every_fsync_policy_are_there_after_reopening(FsyncPolicy policy, StreamDurability durability)
    {
        await using var fixture = new FileStoreFixture();
        var options = new FileProviderOptions { Fsync = policy, FsyncInterval = TimeSpan.FromMilliseconds(10), SegmentBytes = 4096, DefaultPartitions = 1 };
        await using (var provider = new FileProvider(fixture.Root, options))
        {
            Assert.AreEqual(durability, provider.Capabilities.Durability);
            await using var producer = await provider.OpenProducerAsync(Topic);
            for (var i = 0; i < 10; i++)
            {
                await producer.SendBatchAsync([.. Enumerable.Range(i * 20, 20).Select(number => Record(Value(number)))]);
            }

            Assert.AreEqual(new FlushReceipt(200, 0, 0), await producer.FlushAsync());
            var health = await provider.CheckHealthAsync();
            Assert.IsTrue(health.Ready && health.Warnings.Count == 0, string.Join('\n', health.Warnings));
            Assert.IsEmpty(provider.Recoveries);
        }

        Assert.AreSequenceEqual(Enumerable.Range(0, 200).Select(Value).ToArray(), await ReadValuesAsync(fixture.Open()));
    }

    [TestMethod]
    public async Task A_group_goes_on_behind_its_commits_after_reopening()
    {
        await using var fixture = new FileStoreFixture();
        var options = new StreamConsumerOptions { Group = "readers", MaxBatchRecords = 10 };
        await using (var provider = new FileProvider(fixture.Root))
        {
            await using var producer = await provider.OpenProducerAsync(Topic);
            await producer.SendBatchAsync([.. Enumerable.Range(0, 200).Select(number => Record(Value(number), key: "one thread"))]);
            await using var consumer = await provider.OpenConsumerAsync(Topic, options);
            var first = (await consumer.ReadAsync(TimeSpan.FromSeconds(20))).Records;
            await consumer.CommitAsync([first[4].Position!.Value]);
        }

        await using var reopened = new FileProvider(fixture.Root);
        await using var again = await reopened.OpenConsumerAsync(Topic, options);
        List<string> values = [];
        while (values.Count < 195)
        {
            var batch = await again.ReadAsync(TimeSpan.FromSeconds(20));
            Assert.AreNotEqual(0, batch.Records.Count);
            values.AddRange(batch.Records.Select(record => Encoding.UTF8.GetString(record.Value!.Value.Span)));
        }

        Assert.AreSequenceEqual(Enumerable.Range(5, 195).Select(Value).ToArray(), values.ToArray());
    }

    [TestMethod]
    public async Task A_provider_over_a_foreign_folder_is_alive_and_not_ready()
    {
        await using var fixture = new FileStoreFixture();
        Directory.CreateDirectory(Path.Combine(fixture.Root, "photos"));
        await using var provider = new FileProvider(fixture.Root);

        var health = await provider.CheckHealthAsync();

        Assert.IsFalse(health.Ready);
        Assert.Contains(fixture.Root, health.Description);
    }

    [TestMethod]
    public async Task The_container_makes_it_from_a_folder_and_a_configuration_section()
    {
        await using var fixture = new FileStoreFixture();
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["File:Fsync"] = "EachAppend", ["File:DefaultPartitions"] = "3" })
            .Build();
        var services = new ServiceCollection();
        services.AddDashStream().UseFile(fixture.Root, settings.GetSection("File"));
        await using var container = services.BuildServiceProvider();

        var provider = container.GetRequiredService<IStreamProvider>();
        await using var producer = await provider.OpenProducerAsync(Topic);

        Assert.AreEqual(StreamDurability.Disk, provider.Capabilities.Durability);
        Assert.AreEqual(3, producer.PartitionCount);
        Assert.IsTrue(Directory.Exists(Path.Combine(fixture.Root, "topics", Topic)));
    }

    [TestMethod]
    public async Task A_topic_of_the_longest_name_works_beside_its_likes()
    {
        await using var fixture = new FileStoreFixture();
        await using var provider = new FileProvider(fixture.Root, new FileProviderOptions { DefaultPartitions = 1 });
        string[] topics = [new('x', StreamNames.MaxLength), "a", "a.log", "a.tmp", "...", "-", "_"];
        foreach (var topic in topics)
        {
            await using var producer = await provider.OpenProducerAsync(topic);
            await producer.SendAsync(new StreamRecord(default, Encoding.UTF8.GetBytes(topic)));
        }

        Assert.AreSequenceEqual(topics.Order(StringComparer.Ordinal).ToArray(), (await provider.Admin.ListTopicsAsync()).ToArray());
        await using var store = fixture.Open();
        foreach (var topic in topics)
        {
            var read = await store.ReadAsync(topic, 0, 0, 10, 10_000, CancellationToken.None);
            Assert.AreEqual(topic, Encoding.UTF8.GetString(read.Single().Value!.Value.Span));
        }
    }
}
