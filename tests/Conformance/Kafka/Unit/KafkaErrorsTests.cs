using Confluent.Kafka;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Kafka's error codes as our kinds: the whole table, so that a code of a newer client is mapped on purpose, too.</summary>
[TestClass]
public sealed class KafkaErrorsTests
{
    private static readonly Dictionary<StreamErrorKind, string> Expected = new()
    {
        [StreamErrorKind.Throttled] =
            "Local_QueueFull ThrottlingQuotaExceeded",
        [StreamErrorKind.Timeout] =
            "Local_MsgTimedOut Local_TimedOut Local_TimedOutQueue RequestTimedOut",
        [StreamErrorKind.TooLarge] =
            "InvalidMsgSize MsgSizeTooLarge OffsetMetadataTooLarge RecordListTooLarge TelemetryTooLarge",
        [StreamErrorKind.NotFound] =
            "GroupIdNotFound Local_UnknownGroup Local_UnknownPartition Local_UnknownTopic ResourceNotFound UnknownTopicId "
            + "UnknownTopicOrPart",
        [StreamErrorKind.AlreadyExists] =
            "DuplicateResource TopicAlreadyExists",
        [StreamErrorKind.Fenced] =
            "FencedInstanceId FencedMemberEpoch IllegalGeneration Local_AssignmentLost Local_Fenced Local_MaxPollExceeded MemberIdRequired "
            + "RebalanceInProgress StaleMemberEpoch UnknownMemberId UnreleasedInstanceId",
        [StreamErrorKind.OutOfRange] =
            "Local_AutoOffsetReset Local_LogTruncation Local_NoOffset OffsetOutOfRange",
        [StreamErrorKind.Unauthorized] =
            "ClusterAuthorizationFailed DelegationTokenAuthDisabled DelegationTokenAuthorizationFailed DelegationTokenExpired "
            + "DelegationTokenNotFound DelegationTokenOwnerMismatch DelegationTokenRequestNotAllowed GroupAuthorizationFailed IllegalSaslState "
            + "Local_Authentication Local_Ssl PrincipalDeserializationFailure SaslAuthenticationFailed SecurityDisabled TopicAuthorizationFailed "
            + "TransactionalIdAuthorizationFailed UnacceptableCredential UnsupportedSaslMechanism",
        [StreamErrorKind.Corrupt] =
            "InvalidMsg Local_BadCompression Local_BadMsg Local_KeyDeserialization Local_Underflow Local_ValueDeserialization",
        [StreamErrorKind.Incompatible] =
            "InconsistentGroupProtocol Local_Inconsistent Local_NotImplemented Local_UnknownProtocol Local_UnsupportedFeature "
            + "UnsupportedCompressionType UnsupportedForMessageFormat UnsupportedVersion",
        [StreamErrorKind.InvalidRequest] =
            "ElectionNotNeeded FeatureUpdateFailed GroupMaxSizeReached GroupSubscribedToTopic InconsistentVoterSet InvalidCommitOffsetSize "
            + "InvalidConfig InvalidGroupId InvalidPartitions InvalidPrincipalType InvalidRecord InvalidReplicaAssignment "
            + "InvalidReplicationFactor InvalidRequest InvalidRequiredAcks InvalidSessionTimeout InvalidTimestamp InvalidTransactionTimeout "
            + "InvalidTxnState InvalidUpdateVersion Local_Application Local_Conflict Local_ExistingSubscription Local_FS Local_InvalidArg "
            + "Local_InvalidDifferentRecord Local_InvalidType Local_KeySerialization Local_NotConfigured Local_ReadOnly Local_State "
            + "Local_ValueSerialization NoReassignmentInProgress NonEmptyGroup PolicyViolation TopicDeletionDisabled TopicException "
            + "UnsupportedAssignor",
        [StreamErrorKind.Closed] =
            "Local_Destroy Local_PurgeInflight Local_PurgeQueue",
        [StreamErrorKind.Fatal] =
            "DuplicateSequenceNumber InvalidProducerEpoch InvalidProducerIdMapping Local_CritSysResource Local_Fatal Local_GaplessGuarantee "
            + "OutOfOrderSequenceNumber ProducerFenced TransactionCoordinatorFenced UnknownProducerId",
        [StreamErrorKind.Transient] =
            "BrokerNotAvailable ConcurrentTransactions EligibleLeadersNotAvailable FencedLeaderEpoch FetchSessionIdNotFound "
            + "GroupCoordinatorNotAvailable GroupLoadInProgress InvalidFetchSessionEpoch KafkaStorageError LeaderNotAvailable ListenerNotFound "
            + "Local_AllBrokersDown Local_AssignPartitions Local_DestroyBroker Local_Fail Local_InProgress Local_Intr Local_IsrInsuff Local_NoEnt Local_NodeUpdate Local_Noop "
            + "Local_Outdated Local_Partial Local_PartitionEOF Local_PrevInProgress Local_Resolve Local_Retry Local_RevokePartitions "
            + "Local_Transport Local_UnknownBroker Local_WaitCache Local_WaitCoord LogDirNotFound NetworkException NoError NotController "
            + "NotCoordinatorForGroup NotEnoughReplicas NotEnoughReplicasAfterAppend NotLeaderForPartition OffsetNotAvailable "
            + "OperationNotAttempted PreferredLeaderNotAvailable ReassignmentInProgress RebootstrapRequired ReplicaNotAvailable StaleBrokerEpoch "
            + "StaleCtrlEpoch Unknown UnknownLeaderEpoch UnknownSubscriptionId UnstableOffsetCommit",
    };

    [TestMethod]
    public void Every_code_of_the_client_has_its_kind()
    {
        var expected = Expected.SelectMany(entry => entry.Value.Split(' ').Select(name => (Code: Enum.Parse<ErrorCode>(name), entry.Key)))
            .ToDictionary(entry => entry.Code, entry => entry.Key);

        var actual = Enum.GetValues<ErrorCode>().Distinct().ToDictionary(code => code, KafkaErrors.KindOf);

        Assert.AreEqual("", string.Join(", ", actual.Keys.Except(expected.Keys)), "New codes: give each a kind in KafkaErrorKinds and here.");
        Assert.AreEqual("", string.Join(", ", actual.Where(entry => expected[entry.Key] != entry.Value)));
        CollectionAssert.AreEquivalent(actual.Keys.ToList(), KafkaErrorKinds.Of.Keys.ToList());
    }

    [TestMethod]
    public void A_code_from_the_future_is_passing_trouble() => Assert.AreEqual(StreamErrorKind.Transient, KafkaErrors.KindOf((ErrorCode)31_999));

    [TestMethod]
    public void What_may_be_repeated_is_transient_or_throttled_and_nothing_else()
    {
        var retried = Enum.GetValues<ErrorCode>().Where(code => KafkaErrors.Of("Asking", new Error(code, "as told")).IsTransient).ToList();

        CollectionAssert.AreEquivalent(
            Enum.GetValues<ErrorCode>().Where(code => KafkaErrors.KindOf(code) is StreamErrorKind.Transient or StreamErrorKind.Throttled).ToList(), retried);
        CollectionAssert.DoesNotContain(retried, ErrorCode.MsgSizeTooLarge);
        CollectionAssert.Contains(retried, ErrorCode.NotEnoughReplicas);
    }

    [TestMethod]
    [DataRow(ErrorCode.Local_Transport, StreamErrorKind.Fatal)]
    [DataRow(ErrorCode.OutOfOrderSequenceNumber, StreamErrorKind.Fatal)]
    [DataRow(ErrorCode.ClusterAuthorizationFailed, StreamErrorKind.Fatal)]
    [DataRow(ErrorCode.FencedInstanceId, StreamErrorKind.Fenced)]
    public void A_fatal_error_ends_the_client_whatever_its_code_unless_a_member_was_fenced(ErrorCode code, StreamErrorKind kind) =>
        Assert.AreEqual(kind, KafkaErrors.KindOf(new Error(code, "as told", isFatal: true)));

    [TestMethod]
    public void The_kind_never_depends_on_the_text()
    {
        string[] texts = ["timed out", "authentication failed", "message too large", "does not exist", ""];

        foreach (var code in Enum.GetValues<ErrorCode>())
        {
            Assert.AreEqual(1, texts.Select(text => KafkaErrors.Of("Asking", new Error(code, text)).Kind).Distinct().Count(), $"{code}");
        }
    }

    [TestMethod]
    public void The_message_names_what_code_and_advice_and_keeps_the_cause()
    {
        var error = KafkaErrors.Of("Deleting topic 'a' at b:9092", new Error(ErrorCode.TopicAuthorizationFailed, "denied"));

        StringAssert.StartsWith(error.Message, "Deleting topic 'a' at b:9092 failed: TopicAuthorizationFailed (29, ");
        StringAssert.Contains(error.Message, "KafkaProviderOptions.Security");
        Assert.IsInstanceOfType<KafkaException>(error.InnerException);
    }
}
