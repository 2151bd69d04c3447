using System.Globalization;
using System.Runtime.InteropServices;

namespace DashStream;

/// <summary>
/// Letters as files, one each, in the order of their names. A file is written under another name, forced onto the disk and renamed, so that a crash leaves it whole
/// or not at all. One process at a time may take letters out; any may put them in.
/// </summary>
internal sealed class SpoolFolder(string path, TimeProvider time)
{
    private const string Suffix = ".letter";
    private const string TemporarySuffix = ".new";
    private const string DamagedSuffix = ".damaged";
    private const string RefusedSuffix = ".refused";
    private const string LockName = "spool.lock";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _writer = Guid.NewGuid().ToString("N");
    private long _count;

    public string Path => path;

    /// <summary>Whether no letter waits.</summary>
    public bool IsEmpty => !Directory.Exists(path) || !Letters().Any();

    /// <summary>How many letters wait, and their bytes.</summary>
    public (int Letters, long Bytes) Measure()
    {
        if (!Directory.Exists(path))
        {
            return (0, 0);
        }

        var files = Letters().ToList();
        return (files.Count, files.Sum(file => file.Length));
    }

    /// <summary>Files put aside because they were damaged or refused for good.</summary>
    public int CountAside() => !Directory.Exists(path) ? 0 : new DirectoryInfo(path).EnumerateFiles()
        .Count(file => file.Name.EndsWith(DamagedSuffix, StringComparison.Ordinal) || file.Name.EndsWith(RefusedSuffix, StringComparison.Ordinal));

    public void Add(byte[] letter)
    {
        CreateFolder();
        var name = string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow().UtcTicks:D20}-{Interlocked.Increment(ref _count):D10}-{_writer}");
        var final = System.IO.Path.Combine(path, name + Suffix);
        var temporary = System.IO.Path.Combine(path, name + TemporarySuffix);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        try
        {
            using (var file = new FileStream(temporary, options))
            {
                file.Write(letter);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, final);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        SyncFolder();
    }

    /// <summary>Takes the right to take letters out, or returns null when another process has it. The system gives it up for a process that dies.</summary>
    public IDisposable? TryLock()
    {
        CreateFolder();
        try
        {
            return new FileStream(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Names of the waiting letters, oldest first.</summary>
    public IReadOnlyList<string> List() => Directory.Exists(path) ? [.. Letters().Select(file => file.Name).Order(StringComparer.Ordinal)] : [];

    public byte[] Read(string name) => File.ReadAllBytes(System.IO.Path.Combine(path, name));

    public void Remove(string name) => File.Delete(System.IO.Path.Combine(path, name));

    public void PutAside(string name, bool isDamaged)
    {
        var file = System.IO.Path.Combine(path, name);
        File.Move(file, file + (isDamaged ? DamagedSuffix : RefusedSuffix), overwrite: true);
    }

    // Letters hold what users wrote: nobody else's business.
    private void CreateFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    private IEnumerable<FileInfo> Letters() => new DirectoryInfo(path).EnumerateFiles("*" + Suffix).Where(file => file.Name.EndsWith(Suffix, StringComparison.Ordinal));

    // A renamed file survives a power failure only when its folder was forced onto the disk as well.
    private void SyncFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var folder = Open(path, 0);
        if (folder < 0 || Fsync(folder) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            _ = folder >= 0 ? Close(folder) : 0;
            throw new IOException($"Cannot sync the spool folder '{path}': {Marshal.GetPInvokeErrorMessage(error)}", error);
        }

        _ = Close(folder);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
