namespace DashStream;

/// <summary>Where dead letters wait while their provider is away. Read once, when the sink is made.</summary>
public sealed class DeadLetterSpoolOptions
{
    /// <summary>
    /// A local folder, made when first needed, for this application and destination alone: whoever opens it sends its letters to their own provider. Several
    /// processes of the application may share it. Default null: no spool.
    /// </summary>
    public string? Folder { get; set; }

    /// <summary>Most bytes that may wait; a letter beyond it is refused with <see cref="StreamErrorKind.Full"/>. Default 256 MiB; at least 1 MiB.</summary>
    public long MaxBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>How long after a failure the provider is tried again. Default 5 s; 10 ms to 1 h.</summary>
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (Folder is not null && string.IsNullOrWhiteSpace(Folder))
        {
            yield return $"{nameof(Folder)} is blank; name a folder, or leave it out for no spool";
        }

        if (MaxBytes < 1024 * 1024)
        {
            yield return $"{nameof(MaxBytes)} is {MaxBytes}; the least is 1 MiB";
        }

        if (RetryInterval < TimeSpan.FromMilliseconds(10) || RetryInterval > TimeSpan.FromHours(1))
        {
            yield return $"{nameof(RetryInterval)} is {RetryInterval}; allowed are 10 ms to 1 h";
        }
    }
}
