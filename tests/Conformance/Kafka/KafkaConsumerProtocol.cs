using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Kafka with the group protocol of KIP-848.</summary>
public sealed class KafkaConsumerProtocolFixture : ConformanceFixture
{
    public override ValueTask<IStreamProvider> OpenProviderAsync(ProviderSetup setup) => KafkaProviders.OpenAsync(setup, KafkaGroupProtocol.Consumer);
}

[TestClass]
public sealed class KafkaConsumerProtocolBatches : BatchesConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolCanary : CanaryConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolCapabilities : CapabilitiesConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolConsumerLifecycle : ConsumerLifecycleConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolContent : ContentConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolDeadLetters : DeadLettersConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolFaultPlan : FaultPlanConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolGroupCommit : GroupCommitConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolGroupRebalance : GroupRebalanceConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolGroupSharing : GroupSharingConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolHandling : HandlingConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolNumbers : NumbersConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolOrder : OrderConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolPause : PauseConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolPeerPains : PeerPainsConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolProducerLifecycle : ProducerLifecycleConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolProviderLifecycle : ProviderLifecycleConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolPublishReceive : PublishReceiveConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolSeek : SeekConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolSending : SendingConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolSettlement : SettlementConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolStates : StatesConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolTime : TimeConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolTopics : TopicsConformance<KafkaConsumerProtocolFixture>;

[TestClass]
public sealed class KafkaConsumerProtocolTrim : TrimConformance<KafkaConsumerProtocolFixture>;
