using DashStream.Providers;

namespace DashStream.Conformance.Providers;

public sealed class SqliteFixture : ConformanceFixture
{
    public override ValueTask<IStreamProvider> OpenProviderAsync(ProviderSetup setup) =>
        new(new SqliteProvider(Path.Combine(setup.Directory, "streams.db"), new SqliteProviderOptions { CreateMissingTopics = setup.CreateMissingTopics }));
}

[TestClass]
public sealed class SqliteBatches : BatchesConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteCanary : CanaryConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteCapabilities : CapabilitiesConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteConsumerLifecycle : ConsumerLifecycleConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteContent : ContentConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteDeadLetters : DeadLettersConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteFaultPlan : FaultPlanConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteGroupCommit : GroupCommitConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteGroupRebalance : GroupRebalanceConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteGroupSharing : GroupSharingConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteHandling : HandlingConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteNumbers : NumbersConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteOrder : OrderConformance<SqliteFixture>;

[TestClass]
public sealed class SqlitePause : PauseConformance<SqliteFixture>;

[TestClass]
public sealed class SqlitePeerPains : PeerPainsConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteProducerLifecycle : ProducerLifecycleConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteProviderLifecycle : ProviderLifecycleConformance<SqliteFixture>;

[TestClass]
public sealed class SqlitePublishReceive : PublishReceiveConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteSeek : SeekConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteSending : SendingConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteSettlement : SettlementConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteStates : StatesConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteTime : TimeConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteTopics : TopicsConformance<SqliteFixture>;

[TestClass]
public sealed class SqliteTrim : TrimConformance<SqliteFixture>;
