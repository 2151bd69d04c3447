using DashStream.Providers;
using static DashStream.Tests.FileStore.FileStoreFixture;

namespace DashStream.Tests.FileStore;

[TestClass]
public sealed class OpenFilesTests
{
    private const int Partitions = 200;

    // One of the two partitions at work may be open beyond the bound, and the topic has a file of its own.
    private const int Bound = 8 + 4;

    [TestMethod]
    [DataRow(FsyncPolicy.Never)]
    [DataRow(FsyncPolicy.Interval)]
    public async Task However_many_partitions_are_used_few_files_stay_open(FsyncPolicy fsync)
    {
        SkipWithoutProc();
        await using var fixture = await WithTopicAsync(Partitions);
        (fixture.Options.MaxOpenFiles, fixture.Options.Fsync) = (8, fsync);
        var store = fixture.Open();
        for (var round = 0; round < 2; round++)
        {
            for (var partition = 0; partition < Partitions; partition++)
            {
                await AppendAsync(store, partition, $"{partition}:{round}");
                Assert.AreSequenceEqual([.. Enumerable.Range(0, round + 1).Select(r => $"{partition}:{r}")], await ReadValuesAsync(store, partition: partition));
                Assert.IsLessThanOrEqualTo(Bound, OpenBelow(fixture.Root));
            }
        }
    }

    [TestMethod]
    public async Task Locks_of_groups_that_nobody_holds_do_not_stay_open()
    {
        SkipWithoutProc();
        await using var fixture = await WithTopicAsync();
        fixture.Options.MaxOpenFiles = 8;
        var store = fixture.Open();
        for (var group = 0; group < 50; group++)
        {
            Assert.IsTrue(await store.Groups.TryReplaceAsync(Topic, $"g{group}", 0, new byte[] { 1 }, [], CancellationToken.None));
            Assert.IsLessThanOrEqualTo(Bound, OpenBelow(fixture.Root));
        }
    }

    [TestMethod]
    public async Task Appends_to_many_partitions_at_once_take_the_files_they_need_and_give_them_back()
    {
        SkipWithoutProc();
        await using var fixture = await WithTopicAsync(Partitions);
        (fixture.Options.MaxOpenFiles, fixture.Options.LockTimeout) = (8, TimeSpan.FromSeconds(30));
        var store = fixture.Open();

        await Task.WhenAll(Enumerable.Range(0, Partitions).Select(partition => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                await AppendAsync(store, partition, $"{i}");
            }
        })));

        for (var partition = 0; partition < Partitions; partition++)
        {
            Assert.AreSequenceEqual([.. Enumerable.Range(0, 20).Select(i => $"{i}")], await ReadValuesAsync(store, partition: partition));
        }

        Assert.IsLessThanOrEqualTo(Bound, OpenBelow(fixture.Root));
    }

    private static void SkipWithoutProc()
    {
        if (!Directory.Exists("/proc/self/fd"))
        {
            Assert.Inconclusive("/proc, which tells what a process has open, is missing.");
        }
    }

    private static int OpenBelow(string folder) => Directory.GetFiles("/proc/self/fd")
        .Count(file => new FileInfo(file).LinkTarget is { } target && target.StartsWith(folder, StringComparison.Ordinal));
}
