using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Kafka with the classic group protocol.</summary>
public sealed class KafkaClassicFixture : ConformanceFixture
{
    public override ValueTask<IStreamProvider> OpenProviderAsync(ProviderSetup setup) => KafkaProviders.OpenAsync(setup, KafkaGroupProtocol.Classic);
}

[TestClass]
public sealed class KafkaClassicBatches : BatchesConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicCanary : CanaryConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicCapabilities : CapabilitiesConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicConsumerLifecycle : ConsumerLifecycleConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicContent : ContentConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicDeadLetters : DeadLettersConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicFaultPlan : FaultPlanConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicGroupCommit : GroupCommitConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicGroupRebalance : GroupRebalanceConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicGroupSharing : GroupSharingConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicHandling : HandlingConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicNumbers : NumbersConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicOrder : OrderConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicPause : PauseConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicPeerPains : PeerPainsConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicProducerLifecycle : ProducerLifecycleConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicProviderLifecycle : ProviderLifecycleConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicPublishReceive : PublishReceiveConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicSeek : SeekConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicSending : SendingConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicSettlement : SettlementConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicStates : StatesConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicTime : TimeConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicTopics : TopicsConformance<KafkaClassicFixture>;

[TestClass]
public sealed class KafkaClassicTrim : TrimConformance<KafkaClassicFixture>;
