using System.Diagnostics;
using static DashStream.Tests.Sqlite.SqliteFolder;

namespace DashStream.Tests.Sqlite;

/// <summary>Disks that are full or read-only: real ones, small and in memory, which only root may mount.</summary>
[TestClass]
public sealed class SqliteFaultTests
{
    private readonly string _mount = Path.Combine(Path.GetTempPath(), "dashstream-mount-" + Guid.NewGuid().ToString("N"));
    private SqliteFolder? _folder;
    private bool _isMounted;

    [TestCleanup]
    public async Task CleanUp()
    {
        if (_isMounted)
        {
            Run("mount", "-o", "remount,rw", _mount);
        }

        if (_folder is not null)
        {
            await _folder.DisposeAsync();
        }

        if (_isMounted)
        {
            Run("umount", _mount);
            Directory.Delete(_mount);
        }
    }

    [TestMethod]
    public async Task A_full_disk_is_told_and_nothing_acknowledged_is_lost()
    {
        MountDisk(kib: 2048);
        var store = await _folder!.OpenWithTopicAsync();
        var ballast = Path.Combine(_mount, "ballast");
        await File.WriteAllBytesAsync(ballast, new byte[512 * 1024]);
        var stored = 0;

        var error = await Assert.ThrowsExactlyAsync<StreamException>(async () =>
        {
            for (; stored < 1000; stored++)
            {
                await store.AppendAsync(Batch(Record("", $"{stored}"), new StreamRecord(default, new byte[10_000])), CancellationToken.None);
            }
        });
        var atEnd = (await ReadAllAsync(store)).Count;
        File.Delete(ballast);
        await store.AppendAsync(Batch(Record("", $"{stored}")), CancellationToken.None);

        Assert.AreEqual(StreamErrorKind.Full, error.Kind);
        Assert.Contains(_folder.DatabasePath, error.Message);
        Assert.AreEqual(stored * 2, atEnd, "A batch that failed left nothing behind.");
        var records = await ReadAllAsync(store);
        CollectionAssert.AreEqual(Enumerable.Range(0, stored + 1).Select(i => $"{i}").ToArray(),
            records.Where((_, i) => i % 2 == 0).Select(Text).ToArray());
        Assert.AreEqual("ok", _folder.Query("PRAGMA integrity_check"));
    }

    [TestMethod]
    public async Task A_disk_too_small_to_begin_with_is_told()
    {
        MountDisk(kib: 64);
        await File.WriteAllBytesAsync(Path.Combine(_mount, "ballast"), new byte[48 * 1024]);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => _folder!.OpenWithTopicAsync());

        Assert.AreEqual(StreamErrorKind.Full, error.Kind);
    }

    [TestMethod]
    [DataRow(false, DisplayName = "with no database in it")]
    [DataRow(true, DisplayName = "with a database in it")]
    public async Task A_read_only_disk_is_told(bool exists)
    {
        MountDisk(kib: 2048);
        if (exists)
        {
            await (await _folder!.OpenWithTopicAsync()).DisposeAsync();
        }

        Run("mount", "-o", "remount,ro", _mount);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => _folder!.Open().ListTopicsAsync(CancellationToken.None).AsTask());

        Assert.AreEqual(StreamErrorKind.Unauthorized, error.Kind);
        Assert.Contains(_folder!.DatabasePath, error.Message);
    }

    [TestMethod]
    public async Task A_read_only_folder_is_told()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            Assert.Inconclusive("Rights on a folder need Unix and a user other than root, who may write everywhere.");
            return;
        }

        _folder = new SqliteFolder();
        File.SetUnixFileMode(_folder.Root, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => _folder.Open().ListTopicsAsync(CancellationToken.None).AsTask());

        File.SetUnixFileMode(_folder.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.AreEqual(StreamErrorKind.Unauthorized, error.Kind);
    }

    private void MountDisk(int kib)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            Assert.Inconclusive("Mounting a small disk needs Linux and root.");
        }

        Directory.CreateDirectory(_mount);
        if (!Run("mount", "-t", "tmpfs", "-o", $"size={kib}k", "dashstream-test", _mount))
        {
            Directory.Delete(_mount);
            Assert.Inconclusive("This machine does not let root mount a tmpfs.");
        }

        _isMounted = true;
        _folder = new SqliteFolder(_mount);
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
