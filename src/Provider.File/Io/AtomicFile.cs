using Microsoft.Win32.SafeHandles;

namespace DashStream.Providers;

/// <summary>Replaces small files as a whole: whoever opens one sees the old or the new content, also after a kill at any moment.</summary>
internal static class AtomicFile
{
    /// <summary>Stands in no name of a topic or group, so that no temporary file is somebody's real one.</summary>
    public const string TemporarySuffix = "~";

    /// <summary>Writes beside the file, then renames over it. Writers of one file must exclude each other.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">All of it.</param>
    /// <param name="durable">Whether to force the content onto the disk before the rename, so that a power failure leaves the old or the new one.</param>
    /// <param name="nameToo">Whether to force the rename onto the disk too, so that a power failure leaves the new one. Default: as <paramref name="durable"/>.</param>
    public static void Replace(string path, ReadOnlySpan<byte> content, bool durable, bool? nameToo = null)
    {
        var temporary = path + TemporarySuffix;
        try
        {
            using (var file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
            {
                WriteAndSync(file, content, durable);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            _ = TryDelete(temporary);
            throw;
        }

        if (nameToo ?? durable)
        {
            Posix.SyncDirectory(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Removes a file if that works; for leftovers whose stay does no harm.</summary>
    public static bool TryDelete(string path)
    {
        try
        {
            File.Delete(path);
            return true;
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            return false;
        }
    }

    /// <summary>Removes a folder if that works; for leftovers whose stay does no harm.</summary>
    public static bool TryDeleteFolder(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
            return true;
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            return false;
        }
    }

    private static void WriteAndSync(SafeFileHandle file, ReadOnlySpan<byte> content, bool durable)
    {
        RandomAccess.Write(file, content, 0);
        if (durable)
        {
            RandomAccess.FlushToDisk(file);
        }
    }
}
