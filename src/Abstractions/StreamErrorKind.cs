namespace DashStream;

/// <summary>What went wrong, as data, so that retry decisions never parse text.</summary>
public enum StreamErrorKind
{
    /// <summary>Passing trouble of the backend (a lost connection, a lock held a little too long). The same call may succeed later.</summary>
    Transient,

    /// <summary>Refused for now because of a limit: a full local queue, a rate limit, a quota. Wait, then try again.</summary>
    Throttled,

    /// <summary>The deadline passed before the outcome was known. A send that timed out may have been stored.</summary>
    Timeout,

    /// <summary>A record, key or header set is over the declared limit. Never retried.</summary>
    TooLarge,

    /// <summary>The topic, partition or group does not exist.</summary>
    NotFound,

    /// <summary>The topic exists already, with other settings than those asked for.</summary>
    AlreadyExists,

    /// <summary>The member lost this partition, or its generation is over. Its commit was refused; somebody else reads on.</summary>
    Fenced,

    /// <summary>The position is not (or no longer) held by the log.</summary>
    OutOfRange,

    /// <summary>The backend refused the credentials or the permission.</summary>
    Unauthorized,

    /// <summary>Stored or received bytes are damaged.</summary>
    Corrupt,

    /// <summary>The data or the store was made by a newer version, or is not ours.</summary>
    Incompatible,

    /// <summary>The request cannot be honoured as stated: an invalid name, an unsupported setting, a reset of a group that is at work.</summary>
    InvalidRequest,

    /// <summary>The producer, consumer or provider was stopped or disposed.</summary>
    Closed,

    /// <summary>No room: the disk, or the declared capacity of a bounded store.</summary>
    Full,

    /// <summary>The client of the backend cannot go on. Open a new provider.</summary>
    Fatal,
}
