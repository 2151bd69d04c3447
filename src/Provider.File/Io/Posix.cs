using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DashStream.Providers;

/// <summary>The two calls that .NET does not offer: a lock that belongs to an open file (not to the process), and syncing a directory.</summary>
internal static class Posix
{
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;
    private const int Unlock = 8;
    private const int Interrupted = 4;
    private const int WouldBlockLinux = 11;
    private const int WouldBlockBsd = 35;
    private const int OpenReadOnly = 0;

    /// <summary>Takes the lock if nobody has it. The system gives it up when the holder dies.</summary>
    public static bool TryLock(SafeFileHandle file, string path)
    {
        while (Flock(file, LockExclusive | LockNonBlocking) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error is WouldBlockLinux or WouldBlockBsd)
            {
                return false;
            }

            if (error != Interrupted)
            {
                throw new IOException($"Cannot lock '{path}': {Marshal.GetPInvokeErrorMessage(error)}", error);
            }
        }

        return true;
    }

    public static void Release(SafeFileHandle file) => _ = Flock(file, Unlock);

    /// <summary>Makes new, renamed and removed entries of a directory durable. Windows does so by itself.</summary>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(path, OpenReadOnly);
        if (descriptor < 0)
        {
            throw Error(path);
        }

        try
        {
            if (Fsync(descriptor) != 0)
            {
                throw Error(path);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Error(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"Cannot sync the directory '{path}': {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static extern int Flock(SafeFileHandle file, int operation);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
