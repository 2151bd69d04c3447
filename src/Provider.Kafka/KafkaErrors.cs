using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Turns errors of Kafka and of librdkafka into ours, by code and never by text.</summary>
internal static class KafkaErrors
{
    /// <summary>What kind of error a code is.</summary>
    public static StreamErrorKind KindOf(ErrorCode code) => code switch
    {
        ErrorCode.Local_QueueFull or ErrorCode.ThrottlingQuotaExceeded => StreamErrorKind.Throttled,

        ErrorCode.Local_MsgTimedOut or ErrorCode.Local_TimedOut or ErrorCode.Local_TimedOutQueue or ErrorCode.RequestTimedOut => StreamErrorKind.Timeout,

        ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.InvalidMsgSize or ErrorCode.OffsetMetadataTooLarge => StreamErrorKind.TooLarge,

        ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition or ErrorCode.UnknownTopicId
            or ErrorCode.GroupIdNotFound or ErrorCode.Local_UnknownGroup or ErrorCode.ResourceNotFound => StreamErrorKind.NotFound,

        ErrorCode.TopicAlreadyExists => StreamErrorKind.AlreadyExists,

        ErrorCode.IllegalGeneration or ErrorCode.UnknownMemberId or ErrorCode.RebalanceInProgress or ErrorCode.FencedInstanceId
            or ErrorCode.FencedMemberEpoch or ErrorCode.StaleMemberEpoch or ErrorCode.UnreleasedInstanceId or ErrorCode.Local_AssignmentLost
            or ErrorCode.Local_Fenced or ErrorCode.Local_MaxPollExceeded or ErrorCode.MemberIdRequired => StreamErrorKind.Fenced,

        ErrorCode.OffsetOutOfRange or ErrorCode.Local_AutoOffsetReset or ErrorCode.Local_NoOffset or ErrorCode.Local_LogTruncation => StreamErrorKind.OutOfRange,

        ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed
            or ErrorCode.ClusterAuthorizationFailed or ErrorCode.TransactionalIdAuthorizationFailed or ErrorCode.DelegationTokenAuthorizationFailed
            or ErrorCode.DelegationTokenExpired or ErrorCode.UnsupportedSaslMechanism or ErrorCode.IllegalSaslState or ErrorCode.Local_Ssl
            or ErrorCode.SecurityDisabled or ErrorCode.UnacceptableCredential or ErrorCode.PrincipalDeserializationFailure => StreamErrorKind.Unauthorized,

        ErrorCode.InvalidMsg or ErrorCode.Local_BadMsg or ErrorCode.Local_BadCompression => StreamErrorKind.Corrupt,

        ErrorCode.UnsupportedCompressionType or ErrorCode.UnsupportedVersion or ErrorCode.UnsupportedForMessageFormat or ErrorCode.Local_NotImplemented
            or ErrorCode.Local_UnsupportedFeature or ErrorCode.InconsistentGroupProtocol => StreamErrorKind.Incompatible,

        ErrorCode.TopicException or ErrorCode.InvalidPartitions or ErrorCode.InvalidReplicationFactor or ErrorCode.InvalidReplicaAssignment
            or ErrorCode.InvalidConfig or ErrorCode.InvalidRequest or ErrorCode.PolicyViolation or ErrorCode.InvalidTimestamp or ErrorCode.InvalidRecord
            or ErrorCode.InvalidSessionTimeout or ErrorCode.InvalidGroupId or ErrorCode.InvalidRequiredAcks or ErrorCode.InvalidCommitOffsetSize
            or ErrorCode.GroupMaxSizeReached or ErrorCode.UnsupportedAssignor or ErrorCode.NonEmptyGroup or ErrorCode.GroupSubscribedToTopic
            or ErrorCode.TopicDeletionDisabled or ErrorCode.Local_InvalidArg or ErrorCode.Local_Conflict => StreamErrorKind.InvalidRequest,

        ErrorCode.Local_Destroy or ErrorCode.Local_DestroyBroker or ErrorCode.Local_PurgeQueue or ErrorCode.Local_PurgeInflight => StreamErrorKind.Closed,

        ErrorCode.KafkaStorageError or ErrorCode.LogDirNotFound or ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Resolve
            => StreamErrorKind.Transient,

        ErrorCode.Local_Fatal or ErrorCode.Local_GaplessGuarantee or ErrorCode.Local_CritSysResource or ErrorCode.InvalidProducerEpoch
            or ErrorCode.ProducerFenced or ErrorCode.UnknownProducerId or ErrorCode.InvalidProducerIdMapping or ErrorCode.OutOfOrderSequenceNumber
            => StreamErrorKind.Fatal,

        _ => StreamErrorKind.Transient,
    };

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

    private static string AdviceFor(StreamErrorKind kind) => kind switch
    {
        StreamErrorKind.Unauthorized => "Check KafkaProviderOptions.Security and the permissions of the user.",
        StreamErrorKind.Fatal => "Open a new provider.",
        StreamErrorKind.Transient or StreamErrorKind.Throttled => "Try again.",
        _ => "",
    };
}
