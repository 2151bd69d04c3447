using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using static DashStream.Tests.Sqlite.SqliteFolder;

namespace DashStream.Tests.Sqlite;

[TestClass]
public sealed class SqliteProviderTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly SqliteFolder _folder = new();

    [TestCleanup]
    public async Task CleanUp() => await _folder.DisposeAsync();

    [TestMethod]
    public async Task Making_a_provider_touches_nothing()
    {
        await using (var provider = new SqliteProvider(_folder.DatabasePath))
        {
            Assert.AreEqual("sqlite", provider.Name);
            Assert.AreEqual(StreamDurability.Machine, provider.Capabilities.Durability);
        }

        Assert.IsEmpty(Directory.GetFiles(_folder.Root));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("  ")]
    [DataRow("a\0b")]
    public void A_path_that_is_none_is_the_callers_mistake(string path) => Assert.Throws<ArgumentException>(() => new SqliteProvider(path));

    [TestMethod]
    [DataRow(":memory:")]
    [DataRow("file:x.db?mode=memory")]
    public void The_special_names_of_SQLite_are_refused(string path) =>
        Assert.AreEqual(StreamErrorKind.InvalidRequest, Assert.ThrowsExactly<StreamException>(() => new SqliteProvider(path)).Kind);

    [TestMethod]
    public void Settings_out_of_range_are_refused_each_by_name()
    {
        var options = new SqliteProviderOptions
        {
            Synchronous = (SqliteSynchronous)9,
            BusyTimeout = TimeSpan.FromMilliseconds(999),
            ReaderConnections = 0,
            MaxWalBytes = 1,
            RetentionInterval = TimeSpan.Zero,
            DefaultPartitions = 0,
        };

        var error = Assert.ThrowsExactly<StreamException>(() => new SqliteProvider(_folder.DatabasePath, options));

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        foreach (var name in new[] { "Synchronous", "BusyTimeout", "ReaderConnections", "MaxWalBytes", "RetentionInterval", "DefaultPartitions" })
        {
            Assert.Contains(name, error.Message);
        }
    }

    [TestMethod]
    public async Task Two_members_of_a_group_in_two_providers_share_a_topic_and_commit()
    {
        await using var one = Open();
        await using var two = Open();
        await using var producer = await one.OpenProducerAsync(Topic);
        await using var first = await one.OpenConsumerAsync(Topic, new StreamConsumerOptions { Group = "g" });
        await using var second = await two.OpenConsumerAsync(Topic, new StreamConsumerOptions { Group = "g" });
        await Until.TrueAsync(() => first.Assignment.Count == 2 && second.Assignment.Count == 2);

        var results = await producer.SendBatchAsync([.. Enumerable.Range(0, 1000).Select(i => Record($"key-{i % 40}", $"{i}"))]);
        var values = (await Task.WhenAll(ReadAsync(first), ReadAsync(second))).SelectMany(records => records).ToList();

        Assert.IsTrue(results.All(result => result.IsStored));
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 1000).Select(i => $"{i}").ToArray(), values.Select(Text).ToArray());
        await first.StopAsync(Long);
        await second.StopAsync(Long);
        var group = (await two.Admin.DescribeGroupAsync(Topic, "g"))!;
        Assert.AreEqual(0, group.Partitions.Sum(partition => partition.Lag));

        async Task<List<StreamRecord>> ReadAsync(IStreamConsumer consumer)
        {
            var read = new List<StreamRecord>();
            while (true)
            {
                var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(1));
                if (batch.Records.Count == 0)
                {
                    return read;
                }

                read.AddRange(batch.Records);
                await consumer.CommitAsync([.. batch.Records.GroupBy(r => r.Position!.Value.Partition).Select(g => g.Last().Position!.Value)]);
            }
        }
    }

    [TestMethod]
    public async Task A_group_goes_on_after_its_commit_when_everything_was_closed()
    {
        await using (var provider = Open(partitions: 1))
        {
            await using var producer = await provider.OpenProducerAsync(Topic);
            await producer.SendBatchAsync([.. Enumerable.Range(0, 10).Select(i => Record("", $"{i}"))]);
            await using var consumer = await provider.OpenConsumerAsync(Topic, new StreamConsumerOptions { Group = "g", MaxBatchRecords = 4 });
            var batch = await consumer.ReadAsync(Long);
            await consumer.CommitAsync([batch.Records[^1].Position!.Value]);
            await consumer.StopAsync(Long);
        }

        await using var again = Open(partitions: 1);
        await using var next = await again.OpenConsumerAsync(Topic, new StreamConsumerOptions { Group = "g" });
        var rest = await next.ReadAsync(Long);

        CollectionAssert.AreEqual(new[] { "4", "5", "6", "7", "8", "9" }, rest.Records.Select(Text).ToArray());
    }

    [TestMethod]
    public async Task A_reader_in_another_provider_gets_a_record_long_before_it_would_look_again()
    {
        await using var one = Open(partitions: 1);
        await using var two = Open(partitions: 1);
        await using var producer = await one.OpenProducerAsync(Topic);
        await using var consumer = await two.OpenConsumerAsync(Topic, new StreamConsumerOptions { Partitions = [0], Start = SeekTarget.Beginning });

        for (var i = 0; i < 20; i++)
        {
            var read = consumer.ReadAsync(Long).AsTask();
            await producer.SendAsync(Record("k", $"{i}"));
            Assert.AreEqual($"{i}", Text((await read).Records.Single()));
        }
    }

    [TestMethod]
    public async Task Health_tells_a_locked_database_from_one_that_answers()
    {
        await using var provider = new SqliteProvider(_folder.DatabasePath, new SqliteProviderOptions { BusyTimeout = TimeSpan.FromSeconds(1) });
        var before = await provider.CheckHealthAsync();
        using var other = _folder.Connect();
        using var command = other.CreateCommand();
        command.CommandText = "BEGIN EXCLUSIVE";
        command.ExecuteNonQuery();

        var locked = await provider.CheckHealthAsync();
        command.CommandText = "ROLLBACK";
        command.ExecuteNonQuery();
        var after = await provider.CheckHealthAsync();

        Assert.IsTrue(before.Ready && after.Ready, $"{before.Description} {after.Description}");
        Assert.IsTrue(locked.Alive);
        Assert.IsFalse(locked.Ready);
        Assert.Contains(_folder.DatabasePath, locked.Description);
    }

    [TestMethod]
    public async Task Health_of_a_file_that_is_not_ours_is_not_ready()
    {
        await File.WriteAllTextAsync(_folder.DatabasePath, "shopping list");
        await using var provider = Open();

        var health = await provider.CheckHealthAsync();

        Assert.IsFalse(health.Ready);
        Assert.Contains(_folder.DatabasePath, health.Description);
    }

    [TestMethod]
    public async Task The_container_makes_it_from_a_path_and_a_configuration_section()
    {
        await using var container = Container(("Sqlite:Synchronous", "Full"), ("Sqlite:DefaultPartitions", "3"), ("Sqlite:BusyTimeout", "00:00:02"));

        var provider = container.GetRequiredService<IStreamProvider>();
        await using var producer = await provider.OpenProducerAsync(Topic);

        Assert.AreEqual(StreamDurability.Disk, provider.Capabilities.Durability);
        Assert.AreEqual(3, producer.PartitionCount);
        Assert.IsTrue(File.Exists(_folder.DatabasePath));
    }

    [TestMethod]
    public async Task The_container_refuses_settings_out_of_range_by_name()
    {
        await using var container = Container(("Sqlite:ReaderConnections", "65"));

        var error = Assert.Throws<OptionsValidationException>(() => container.GetRequiredService<IStreamProvider>());

        Assert.Contains("ReaderConnections", error.Message);
        Assert.Contains("1 to 64", error.Message);
    }

    private SqliteProvider Open(int partitions = 4) => new(_folder.DatabasePath, new SqliteProviderOptions { DefaultPartitions = partitions });

    private ServiceProvider Container(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build();
        var services = new ServiceCollection();
        services.AddDashStream().UseSqlite(_folder.DatabasePath, configuration.GetSection("Sqlite"));
        return services.BuildServiceProvider();
    }
}
