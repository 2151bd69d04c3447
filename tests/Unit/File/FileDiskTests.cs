using System.Diagnostics;
using DashStream.Providers;
using static DashStream.Tests.FileStore.FileStoreFixture;

namespace DashStream.Tests.FileStore;

[TestClass]
public sealed class FileDiskTests
{
    [TestMethod]
    public async Task A_full_disk_keeps_nothing_of_the_step_and_works_again_when_there_is_room()
    {
        using var disk = SmallDisk.Mount("size=1m");
        await using var fixture = new FileStoreFixture(Path.Combine(disk.Path, "store")) { Options = { SegmentBytes = 64 * 1024 * 1024 } };
        var (store, reader) = (fixture.Open(), fixture.Open());
        await store.TryCreateTopicAsync(new TopicSpec(Topic, 2), CancellationToken.None);
        var stored = 0;
        StreamException? full = null;
        while (full is null)
        {
            try
            {
                var batch = Batch(0, [.. Enumerable.Range(stored, 100).Select(i => Record(Value(i)))]);
                batch.Add(Record("other"), 1, 1, 100);
                await store.AppendAsync(batch, CancellationToken.None);
                stored += 100;
            }
            catch (StreamException e)
            {
                full = e;
            }
        }

        var length = new FileInfo(fixture.Segments()[0]).Length;
        Assert.AreEqual(StreamErrorKind.Full, full.Kind);
        Assert.AreEqual((0UL, (ulong)stored), await BoundsAsync(reader));
        Assert.HasCount(stored, await ReadValuesAsync(reader));
        Assert.HasCount(stored / 100, await ReadValuesAsync(reader, partition: 1));

        disk.Remount("size=2m");
        await AppendManyAsync(store, stored, 100);
        Assert.AreSequenceEqual(Enumerable.Range(0, stored + 100).Select(Value).ToArray(), await ReadValuesAsync(fixture.Open()));
        Assert.IsGreaterThan(length, new FileInfo(fixture.Segments()[0]).Length);
        Assert.IsEmpty(store.Recoveries.Concat(reader.Recoveries).ToArray());
    }

    [TestMethod]
    public async Task A_read_only_disk_can_be_read_and_refuses_the_rest_with_a_typed_error()
    {
        using var disk = SmallDisk.Mount("size=1m");
        await using var fixture = new FileStoreFixture(Path.Combine(disk.Path, "store"));
        await using (var writer = fixture.Open())
        {
            await writer.TryCreateTopicAsync(new TopicSpec(Topic), CancellationToken.None);
            await AppendManyAsync(writer, 0, 100);
        }

        disk.Remount("ro");
        var store = fixture.Open();
        var append = await Assert.ThrowsExactlyAsync<StreamException>(() => AppendAsync(store, 0, "x"));
        var create = await Assert.ThrowsExactlyAsync<StreamException>(async () => await store.TryCreateTopicAsync(new TopicSpec("b"), CancellationToken.None));

        Assert.AreEqual(StreamErrorKind.Unauthorized, append.Kind);
        Assert.AreEqual(StreamErrorKind.Unauthorized, create.Kind);
        Assert.HasCount(100, await ReadValuesAsync(store));
        Assert.Contains("read only", (await store.CheckAsync(CancellationToken.None)).Single(warning => warning.Contains("sends", StringComparison.Ordinal)));
    }

    /// <summary>A disk in memory that a test may fill. Skips the test where none can be mounted.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private SmallDisk(string path) => Path = path;

        public string Path { get; }

        public static SmallDisk Mount(string options)
        {
            if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            {
                Assert.Inconclusive("Needs Linux and root: a small disk in memory is mounted.");
            }

            var disk = new SmallDisk(Directory.CreateTempSubdirectory("dashstream-disk-").FullName);
            if (Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk.Path) != 0)
            {
                Directory.Delete(disk.Path);
                Assert.Inconclusive("A small disk in memory could not be mounted (mount -t tmpfs).");
            }

            return disk;
        }

        public void Remount(string options) => Assert.AreEqual(0, Run("mount", "-o", "remount," + options, Path));

        public void Dispose()
        {
            _ = Run("umount", "-l", Path);
            Directory.Delete(Path);
        }

        private static int Run(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode;
        }
    }
}
