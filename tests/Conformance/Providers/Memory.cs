using DashStream.Providers;

namespace DashStream.Conformance.Providers;

public sealed class MemoryFixture : ConformanceFixture
{
    public override ValueTask<IStreamProvider> OpenProviderAsync(ProviderSetup setup) =>
        new(new MemoryProvider(new MemoryProviderOptions { CreateMissingTopics = setup.CreateMissingTopics }));
}

[TestClass]
public sealed class MemoryBatches : BatchesConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryCanary : CanaryConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryCapabilities : CapabilitiesConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryConsumerLifecycle : ConsumerLifecycleConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryContent : ContentConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryDeadLetters : DeadLettersConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryFaultPlan : FaultPlanConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryGroupCommit : GroupCommitConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryGroupRebalance : GroupRebalanceConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryGroupSharing : GroupSharingConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryHandling : HandlingConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryNumbers : NumbersConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryOrder : OrderConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryPause : PauseConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryPeerPains : PeerPainsConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryProducerLifecycle : ProducerLifecycleConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryProviderLifecycle : ProviderLifecycleConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryPublishReceive : PublishReceiveConformance<MemoryFixture>;

[TestClass]
public sealed class MemorySeek : SeekConformance<MemoryFixture>;

[TestClass]
public sealed class MemorySending : SendingConformance<MemoryFixture>;

[TestClass]
public sealed class MemorySettlement : SettlementConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryStates : StatesConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryTime : TimeConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryTopics : TopicsConformance<MemoryFixture>;

[TestClass]
public sealed class MemoryTrim : TrimConformance<MemoryFixture>;
