using Microsoft.Win32.SafeHandles;

namespace DashStream.Providers;

/// <summary>A file that stays open until this is disposed, even when its owner closes it meanwhile.</summary>
internal readonly struct HeldFile : IDisposable
{
    /// <exception cref="ObjectDisposedException">It is closed already.</exception>
    public HeldFile(SafeFileHandle file)
    {
        var added = false;
        file.DangerousAddRef(ref added);
        File = file;
    }

    public SafeFileHandle File { get; }

    public void Dispose() => File.DangerousRelease();
}
