namespace DashStream.State;

/// <summary>Why a checkpoint cannot be used.</summary>
public enum CheckpointFault
{
    /// <summary>It ends before its announced length, or has bytes behind it.</summary>
    Truncated,

    /// <summary>The bytes do not begin as a checkpoint does.</summary>
    NotACheckpoint,

    /// <summary>It was written in a version that this reader does not know.</summary>
    UnsupportedVersion,

    /// <summary>Its SHA-256 does not fit: bytes were changed.</summary>
    ChecksumMismatch,

    /// <summary>Its state does not have the state hash that was announced.</summary>
    HashMismatch,

    /// <summary>A part of it is malformed: the message, the state, its compression, an identifier.</summary>
    Malformed,

    /// <summary>It is compressed in a way that this reader does not know.</summary>
    UnsupportedCompression,

    /// <summary>It, or its state, is over a limit.</summary>
    TooLarge,

    /// <summary>It belongs to another thread or tenant than the one it was found under.</summary>
    WrongThread,

    /// <summary>It names a place for its state where there is none, or no store was given to look into.</summary>
    StateMissing,
}
