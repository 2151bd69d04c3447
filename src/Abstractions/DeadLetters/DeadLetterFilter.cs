namespace DashStream;

/// <summary>Which dead letters are meant. What is not set lets everything through; what is set must all fit, one value of a list being enough.</summary>
public sealed record DeadLetterFilter
{
    /// <summary>Ids (trace ids) of letters.</summary>
    public IReadOnlyCollection<string> Ids { get; init; } = [];

    /// <summary>Where the messages failed.</summary>
    public IReadOnlyCollection<DeadLetterStage> Stages { get; init; } = [];

    /// <summary>Kinds of failure, such as <c>decode_error</c>.</summary>
    public IReadOnlyCollection<string> ErrorTypes { get; init; } = [];

    /// <summary>A text that the error or the reason contains, whatever its case.</summary>
    public string? ErrorContains { get; init; }

    /// <summary>Topics that the messages were read from or meant for.</summary>
    public IReadOnlyCollection<string> SourceTopics { get; init; } = [];

    /// <summary>Threads of the messages.</summary>
    public IReadOnlyCollection<string> Threads { get; init; } = [];

    /// <summary>Tenants of the messages.</summary>
    public IReadOnlyCollection<string> Tenants { get; init; } = [];

    /// <summary>Groups or producers that failed.</summary>
    public IReadOnlyCollection<string> Consumers { get; init; } = [];

    /// <summary>Earliest time of failure.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>First time of failure not meant any more.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Whether nothing is set, so that every letter is meant.</summary>
    public bool IsEmpty => Ids.Count + Stages.Count + ErrorTypes.Count + SourceTopics.Count + Threads.Count + Tenants.Count + Consumers.Count == 0
        && (ErrorContains, Since, Until) == (null, null, null);

    /// <summary>Whether the letter is meant.</summary>
    public bool Fits(StoredDeadLetter letter)
    {
        ArgumentNullException.ThrowIfNull(letter);
        var document = letter.Document;
        return Has(Ids, document.TraceId)
            && (Stages.Count == 0 || Stages.Contains(letter.Stage))
            && Has(ErrorTypes, document.ErrorType)
            && Has(SourceTopics, document.SourceTopic)
            && Has(Threads, document.ThreadId)
            && Has(Tenants, document.TenantId)
            && Has(Consumers, document.ConsumerId)
            && (ErrorContains is null || Contains(document.Error) || Contains(letter.Reason))
            && (Since is null || document.Time >= Since)
            && (Until is null || document.Time < Until);
    }

    private static bool Has(IReadOnlyCollection<string> wanted, string? value) =>
        wanted.Count == 0 || (value is not null && wanted.Contains(value, StringComparer.Ordinal));

    private bool Contains(string text) => text.Contains(ErrorContains!, StringComparison.OrdinalIgnoreCase);
}
