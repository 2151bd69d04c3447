using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Turns errors of Kafka and of librdkafka into ours, by code and never by text.</summary>
internal static class KafkaErrors
{
    /// <summary>What kind of error a code is (<see cref="KafkaErrorKinds"/>). A code that is newer than this provider counts as passing trouble.</summary>
    public static StreamErrorKind KindOf(ErrorCode code) => KafkaErrorKinds.Of.GetValueOrDefault(code, StreamErrorKind.Transient);

    /// <summary>What kind of error this is: a fatal one ends its client whatever the code, except that a fenced member says so.</summary>
    public static StreamErrorKind KindOf(Error error)
    {
        var kind = KindOf(error.Code);
        return error.IsFatal && kind != StreamErrorKind.Fenced ? StreamErrorKind.Fatal : kind;
    }

    /// <summary>Our error for one of Kafka's.</summary>
    /// <param name="what">What failed and where, such as <c>Deleting topic 'a'</c>.</param>
    /// <param name="error">The error.</param>
    /// <param name="inner">The exception that carried it; null makes one.</param>
    /// <param name="advice">What to do, as sentences of their own, or null for the usual advice.</param>
    public static StreamException Of(string what, Error error, Exception? inner = null, string? advice = null)
    {
        var kind = KindOf(error);
        return new StreamException(
            kind, $"{what} failed: {error.Code} ({(int)error.Code}, {Meaning(kind)}). {advice ?? AdviceFor(kind)}".TrimEnd(), inner ?? new KafkaException(error));
    }

    private static string Meaning(StreamErrorKind kind) => kind switch
    {
        StreamErrorKind.Throttled => "a limit for now",
        StreamErrorKind.Timeout => "no answer in time",
        StreamErrorKind.Unauthorized => "refused credentials or permission",
        StreamErrorKind.Transient => "passing trouble",
        StreamErrorKind.Fatal => "the client cannot go on",
        StreamErrorKind.InvalidRequest => "the request cannot be honoured",
        StreamErrorKind.NotFound => "it does not exist",
        StreamErrorKind.Fenced => "this member no longer owns it",
        StreamErrorKind.OutOfRange => "the log does not hold the position",
        StreamErrorKind.TooLarge => "over a limit of the brokers",
        StreamErrorKind.Closed => "the client was stopped",
        StreamErrorKind.AlreadyExists => "it exists already",
        StreamErrorKind.Corrupt => "damaged bytes",
        StreamErrorKind.Incompatible => "not supported by this client or these brokers",
        _ => "no room",
    };

    /// <summary>What to do about an error of that kind, as sentences, or nothing.</summary>
    public static string AdviceFor(StreamErrorKind kind) => kind switch
    {
        StreamErrorKind.Unauthorized => "Check KafkaProviderOptions.Security and the permissions of the user.",
        StreamErrorKind.Timeout => "Check KafkaProviderOptions.BootstrapServers and that the brokers run; OperationTimeout bounds the wait.",
        StreamErrorKind.Incompatible => "Kafka 3.9 or newer is needed, and the new group protocol needs 4.0.",
        StreamErrorKind.Fatal => "Open a new provider.",
        StreamErrorKind.Transient or StreamErrorKind.Throttled => "Try again.",
        _ => "",
    };
}
