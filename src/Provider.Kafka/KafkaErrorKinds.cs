using System.Collections.Frozen;
using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>The kind of each error of Kafka and of librdkafka: every code that the client knows stands here, on purpose.</summary>
internal static class KafkaErrorKinds
{
    /// <summary>Kinds by code.</summary>
    public static FrozenDictionary<ErrorCode, StreamErrorKind> Of { get; } = new (StreamErrorKind Kind, ErrorCode[] Codes)[]
    {
        (StreamErrorKind.Throttled,
        [
            ErrorCode.Local_QueueFull, ErrorCode.ThrottlingQuotaExceeded,
        ]),
        (StreamErrorKind.Timeout,
        [
            ErrorCode.Local_MsgTimedOut, ErrorCode.Local_TimedOut, ErrorCode.Local_TimedOutQueue, ErrorCode.RequestTimedOut,
        ]),
        (StreamErrorKind.TooLarge,
        [
            ErrorCode.MsgSizeTooLarge, ErrorCode.RecordListTooLarge, ErrorCode.InvalidMsgSize, ErrorCode.OffsetMetadataTooLarge, ErrorCode.TelemetryTooLarge,
        ]),
        (StreamErrorKind.NotFound,
        [
            ErrorCode.UnknownTopicOrPart, ErrorCode.UnknownTopicId, ErrorCode.Local_UnknownTopic, ErrorCode.Local_UnknownPartition, ErrorCode.GroupIdNotFound,
            ErrorCode.Local_UnknownGroup, ErrorCode.ResourceNotFound,
        ]),
        (StreamErrorKind.AlreadyExists,
        [
            ErrorCode.TopicAlreadyExists, ErrorCode.DuplicateResource,
        ]),
        // Somebody else has the partition now.
        (StreamErrorKind.Fenced,
        [
            ErrorCode.IllegalGeneration, ErrorCode.UnknownMemberId, ErrorCode.MemberIdRequired, ErrorCode.RebalanceInProgress, ErrorCode.FencedInstanceId,
            ErrorCode.FencedMemberEpoch, ErrorCode.StaleMemberEpoch, ErrorCode.UnreleasedInstanceId, ErrorCode.Local_AssignmentLost, ErrorCode.Local_Fenced,
            ErrorCode.Local_MaxPollExceeded,
        ]),
        (StreamErrorKind.OutOfRange,
        [
            ErrorCode.OffsetOutOfRange, ErrorCode.Local_AutoOffsetReset, ErrorCode.Local_NoOffset, ErrorCode.Local_LogTruncation,
        ]),
        // A handshake that fails is a matter of certificates, which somebody has to put right.
        (StreamErrorKind.Unauthorized,
        [
            ErrorCode.Local_Authentication, ErrorCode.Local_Ssl, ErrorCode.SaslAuthenticationFailed, ErrorCode.UnsupportedSaslMechanism,
            ErrorCode.IllegalSaslState, ErrorCode.SecurityDisabled, ErrorCode.TopicAuthorizationFailed, ErrorCode.GroupAuthorizationFailed,
            ErrorCode.ClusterAuthorizationFailed, ErrorCode.TransactionalIdAuthorizationFailed, ErrorCode.DelegationTokenAuthDisabled,
            ErrorCode.DelegationTokenNotFound, ErrorCode.DelegationTokenOwnerMismatch, ErrorCode.DelegationTokenRequestNotAllowed,
            ErrorCode.DelegationTokenAuthorizationFailed, ErrorCode.DelegationTokenExpired, ErrorCode.UnacceptableCredential,
            ErrorCode.PrincipalDeserializationFailure,
        ]),
        (StreamErrorKind.Corrupt,
        [
            ErrorCode.InvalidMsg, ErrorCode.Local_BadMsg, ErrorCode.Local_BadCompression, ErrorCode.Local_Underflow, ErrorCode.Local_KeyDeserialization,
            ErrorCode.Local_ValueDeserialization,
        ]),
        (StreamErrorKind.Incompatible,
        [
            ErrorCode.UnsupportedCompressionType, ErrorCode.UnsupportedVersion, ErrorCode.UnsupportedForMessageFormat, ErrorCode.Local_NotImplemented,
            ErrorCode.Local_UnsupportedFeature, ErrorCode.Local_UnknownProtocol, ErrorCode.InconsistentGroupProtocol, ErrorCode.Local_Inconsistent,
        ]),
        (StreamErrorKind.InvalidRequest,
        [
            ErrorCode.TopicException, ErrorCode.InvalidPartitions, ErrorCode.InvalidReplicationFactor, ErrorCode.InvalidReplicaAssignment,
            ErrorCode.InvalidConfig, ErrorCode.InvalidRequest, ErrorCode.PolicyViolation, ErrorCode.InvalidTimestamp, ErrorCode.InvalidRecord,
            ErrorCode.InvalidRequiredAcks, ErrorCode.TopicDeletionDisabled, ErrorCode.InvalidSessionTimeout, ErrorCode.InvalidGroupId,
            ErrorCode.InvalidCommitOffsetSize, ErrorCode.GroupMaxSizeReached, ErrorCode.UnsupportedAssignor, ErrorCode.NonEmptyGroup,
            ErrorCode.GroupSubscribedToTopic, ErrorCode.InvalidPrincipalType, ErrorCode.InvalidTxnState, ErrorCode.InvalidTransactionTimeout,
            ErrorCode.ElectionNotNeeded, ErrorCode.NoReassignmentInProgress, ErrorCode.FeatureUpdateFailed, ErrorCode.InvalidUpdateVersion,
            ErrorCode.InconsistentVoterSet, ErrorCode.Local_InvalidArg, ErrorCode.Local_InvalidType, ErrorCode.Local_InvalidDifferentRecord,
            ErrorCode.Local_Conflict, ErrorCode.Local_State, ErrorCode.Local_NotConfigured, ErrorCode.Local_ReadOnly, ErrorCode.Local_ExistingSubscription,
            ErrorCode.Local_FS, ErrorCode.Local_Application, ErrorCode.Local_KeySerialization, ErrorCode.Local_ValueSerialization,
        ]),
        // The client was closed while the call was under way.
        (StreamErrorKind.Closed,
        [
            ErrorCode.Local_Destroy, ErrorCode.Local_PurgeQueue, ErrorCode.Local_PurgeInflight,
        ]),
        // A sequence that broke cannot be mended: a repeated send might store a record twice.
        (StreamErrorKind.Fatal,
        [
            ErrorCode.Local_Fatal, ErrorCode.Local_GaplessGuarantee, ErrorCode.Local_CritSysResource, ErrorCode.InvalidProducerEpoch, ErrorCode.ProducerFenced,
            ErrorCode.UnknownProducerId, ErrorCode.InvalidProducerIdMapping, ErrorCode.OutOfOrderSequenceNumber, ErrorCode.DuplicateSequenceNumber,
            ErrorCode.TransactionCoordinatorFenced,
        ]),
        // Nobody is to blame, and the same call may succeed later.
        (StreamErrorKind.Transient,
        [
            ErrorCode.NoError, ErrorCode.Unknown, ErrorCode.Local_Fail, ErrorCode.Local_Transport, ErrorCode.Local_Resolve, ErrorCode.Local_AllBrokersDown,
            ErrorCode.Local_UnknownBroker, ErrorCode.Local_IsrInsuff, ErrorCode.Local_NodeUpdate, ErrorCode.Local_WaitCoord, ErrorCode.Local_WaitCache,
            ErrorCode.Local_InProgress, ErrorCode.Local_PrevInProgress, ErrorCode.Local_Outdated, ErrorCode.Local_Retry, ErrorCode.Local_Partial,
            ErrorCode.Local_Intr, ErrorCode.Local_Noop, ErrorCode.Local_PartitionEOF, ErrorCode.Local_AssignPartitions, ErrorCode.Local_RevokePartitions,
            ErrorCode.LeaderNotAvailable, ErrorCode.NotLeaderForPartition, ErrorCode.BrokerNotAvailable, ErrorCode.ReplicaNotAvailable,
            ErrorCode.StaleCtrlEpoch, ErrorCode.NotController, ErrorCode.NetworkException, ErrorCode.GroupLoadInProgress,
            ErrorCode.GroupCoordinatorNotAvailable, ErrorCode.NotCoordinatorForGroup, ErrorCode.NotEnoughReplicas, ErrorCode.NotEnoughReplicasAfterAppend,
            ErrorCode.OperationNotAttempted, ErrorCode.KafkaStorageError, ErrorCode.LogDirNotFound, ErrorCode.ListenerNotFound,
            ErrorCode.FetchSessionIdNotFound, ErrorCode.InvalidFetchSessionEpoch, ErrorCode.FencedLeaderEpoch, ErrorCode.UnknownLeaderEpoch,
            ErrorCode.StaleBrokerEpoch, ErrorCode.OffsetNotAvailable, ErrorCode.PreferredLeaderNotAvailable, ErrorCode.EligibleLeadersNotAvailable,
            ErrorCode.ReassignmentInProgress, ErrorCode.ConcurrentTransactions, ErrorCode.UnstableOffsetCommit, ErrorCode.UnknownSubscriptionId,
            ErrorCode.RebootstrapRequired,
            // The broker left the cluster while it was being asked; a partition has no leader just now.
            ErrorCode.Local_DestroyBroker, ErrorCode.Local_NoEnt,
        ]),
    }.SelectMany(static group => group.Codes.Select(code => (code, group.Kind))).ToFrozenDictionary(static entry => entry.code, static entry => entry.Kind);
}
