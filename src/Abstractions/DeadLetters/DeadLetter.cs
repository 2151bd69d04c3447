namespace DashStream;

/// <summary>A message that failed for good, with all that is needed to look at it and to send it again.</summary>
public sealed record DeadLetter
{
    /// <summary>Where it failed.</summary>
    public required DeadLetterStage Stage { get; init; }

    /// <summary>The topic it was read from or meant for.</summary>
    public required string SourceTopic { get; init; }

    /// <summary>The record as read or as meant to be stored: key, bytes, headers, time; with its position when it was read.</summary>
    public required StreamRecord Record { get; init; }

    /// <summary>What went wrong.</summary>
    public required Exception Error { get; init; }

    /// <summary>How often it was tried; 0 when it was refused before its first attempt, because its thread is halted.</summary>
    public required int Attempts { get; init; }

    /// <summary>Who failed: <c>producer:TENANT</c>, or the group of a consumer.</summary>
    public required string ClientId { get; init; }

    /// <summary>The decoded message, or null when it could not be decoded.</summary>
    public Protocol.DashStreamMessage? Message { get; init; }

    /// <summary>The name of the provider that it failed on, such as <c>kafka</c>; a failed send is then a <c>kafka_send_error</c>. Null: a <c>send_error</c>.</summary>
    public string? ProviderName { get; init; }
}
