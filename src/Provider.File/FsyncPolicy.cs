namespace DashStream.Providers;

/// <summary>
/// When written bytes are forced onto the disk. A killed process never loses what was acknowledged, whatever the policy; the policy decides what a
/// power failure or a crash of the operating system may take.
/// </summary>
public enum FsyncPolicy
{
    /// <summary>The operating system decides. Fastest; a power failure may take the last seconds.</summary>
    Never,

    /// <summary>When a producer is flushed or stopped, and when the provider is disposed.</summary>
    OnFlush,

    /// <summary>In the background, once per <see cref="FileProviderOptions.FsyncInterval"/>: a power failure takes at most about that much. The default.</summary>
    Interval,

    /// <summary>Before a send is acknowledged. A completed send survives a power failure.</summary>
    EachAppend,
}
