using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace DashStream.Providers;

/// <summary>
/// A lock file: excludes other processes and other stores of this process through the operating system, and other callers of this object through a semaphore
/// in front of it. The lock of a process that dies is free at once. Waiting is bounded. Real time is used, since the holder is outside of our clock.
/// </summary>
/// <param name="path">The file, made when it is missing.</param>
/// <param name="timeout">The bound on waiting.</param>
/// <param name="kept">Bounds how many lock files stay open while nobody holds them; null for one that shall.</param>
internal sealed class FileLock(string path, TimeSpan timeout, OpenFiles? kept = null) : IKeptOpen, IDisposable
{
    private const int LongestPauseMs = 8;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private SafeFileHandle? _file;
    private bool _disposed;

    /// <summary>Waits for the lock. Dispose what it returns to give it up.</summary>
    /// <exception cref="StreamException">Somebody held it for longer than the time-out (<see cref="StreamErrorKind.Transient"/>).</exception>
    public async ValueTask<Held> AcquireAsync(CancellationToken cancellationToken)
    {
        var since = Stopwatch.GetTimestamp();
        if (!await _gate.WaitAsync(timeout, cancellationToken).ConfigureAwait(false))
        {
            throw HeldTooLong();
        }

        try
        {
            var pauseMs = 1;
            while (!TryTake())
            {
                if (Stopwatch.GetElapsedTime(since) > timeout)
                {
                    throw HeldTooLong();
                }

                await Task.Delay(pauseMs, cancellationToken).ConfigureAwait(false);
                pauseMs = Math.Min(pauseMs * 2, LongestPauseMs);
            }

            return new Held(this);
        }
        catch
        {
            _gate.Release();
            throw;
        }
    }

    /// <summary>Takes the lock only if it is free right now.</summary>
    public bool TryAcquire(out Held held)
    {
        held = default;
        if (!_gate.Wait(TimeSpan.Zero))
        {
            return false;
        }

        try
        {
            if (TryTake())
            {
                held = new Held(this);
                return true;
            }
        }
        finally
        {
            if (held == default)
            {
                _gate.Release();
            }
        }

        return false;
    }

    /// <summary>Does something while nobody of this process has the lock, unless somebody has it right now; false then.</summary>
    public bool TryWhileFree(Action action)
    {
        if (!_gate.Wait(TimeSpan.Zero))
        {
            return false;
        }

        try
        {
            action();
            return true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Closes the file while nobody holds the lock.</summary>
    public bool TryClose() => TryWhileFree(() =>
    {
        _file?.Dispose();
        _file = null;
    });

    // The semaphore stays undisposed on purpose: a holder may still be on its way out, and it has no native handle.
    public void Dispose()
    {
        Volatile.Write(ref _disposed, true);
        if (_gate.Wait(TimeSpan.Zero))
        {
            _file?.Dispose();
            _gate.Release();
        }
    }

    private bool TryTake()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        if (OperatingSystem.IsWindows())
        {
            // No flock there, but an exclusive open does the same; giving up closes it.
            return TryOpen(FileShare.None);
        }

        if (_file is null)
        {
            if (!TryOpen(FileShare.ReadWrite | FileShare.Delete))
            {
                return false;
            }

            // .NET opens with a shared lock of its own, which two openers would wait for in vain.
            Posix.Release(_file!);
            kept?.Add(this);
        }

        return Posix.TryLock(_file!, path);
    }

    private bool TryOpen(FileShare share)
    {
        try
        {
            _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, share);
            return true;
        }
        catch (IOException e) when (FileErrors.IsSharingViolation(e))
        {
            return false;
        }
    }

    private void Release()
    {
        if (_file is { } file)
        {
            if (OperatingSystem.IsWindows())
            {
                file.Dispose();
                _file = null;
            }
            else
            {
                Posix.Release(file);
            }
        }

        if (Volatile.Read(ref _disposed))
        {
            _file?.Dispose();
        }

        _gate.Release();
    }

    private StreamException HeldTooLong() => new(StreamErrorKind.Transient,
        $"The lock '{path}' was held by somebody else for more than {timeout.TotalSeconds:0.###} s (option {nameof(FileProviderOptions.LockTimeout)}).");

    /// <summary>The lock, as long as it is held.</summary>
    internal readonly record struct Held(FileLock? Lock) : IDisposable
    {
        public void Dispose() => Lock?.Release();
    }
}
