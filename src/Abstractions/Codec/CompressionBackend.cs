namespace DashStream;

/// <summary>Which implementation of Zstandard a <see cref="MessageCodec"/> uses. Both write the same format.</summary>
public enum CompressionBackend
{
    /// <summary>The native library where it loads, the managed one where it does not.</summary>
    Auto,

    /// <summary>The native library only.</summary>
    Native,

    /// <summary>The managed implementation only.</summary>
    Managed,
}
