using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>The shared server, with everything of ours under the usual prefix.</summary>
public sealed class RedisFixture : ConformanceFixture
{
    public override async ValueTask<IStreamProvider> OpenProviderAsync(ProviderSetup setup)
    {
        var server = await RedisServerFixture.ServerAsync();
        var options = new RedisProviderOptions { CreateMissingTopics = setup.CreateMissingTopics };
        options.Connection.Endpoints = server.Endpoint;
        return new RedisProvider(options);
    }
}

[TestClass]
public sealed class RedisBatches : BatchesConformance<RedisFixture>;

[TestClass]
public sealed class RedisCanary : CanaryConformance<RedisFixture>;

[TestClass]
public sealed class RedisCapabilities : CapabilitiesConformance<RedisFixture>;

[TestClass]
public sealed class RedisConsumerLifecycle : ConsumerLifecycleConformance<RedisFixture>;

[TestClass]
public sealed class RedisContent : ContentConformance<RedisFixture>;

[TestClass]
public sealed class RedisDeadLetters : DeadLettersConformance<RedisFixture>;

[TestClass]
public sealed class RedisFaultPlan : FaultPlanConformance<RedisFixture>;

[TestClass]
public sealed class RedisGroupCommit : GroupCommitConformance<RedisFixture>;

[TestClass]
public sealed class RedisGroupRebalance : GroupRebalanceConformance<RedisFixture>;

[TestClass]
public sealed class RedisGroupSharing : GroupSharingConformance<RedisFixture>;

[TestClass]
public sealed class RedisHandling : HandlingConformance<RedisFixture>;

[TestClass]
public sealed class RedisNumbers : NumbersConformance<RedisFixture>;

[TestClass]
public sealed class RedisOrder : OrderConformance<RedisFixture>;

[TestClass]
public sealed class RedisPause : PauseConformance<RedisFixture>;

[TestClass]
public sealed class RedisPeerPains : PeerPainsConformance<RedisFixture>;

[TestClass]
public sealed class RedisProducerLifecycle : ProducerLifecycleConformance<RedisFixture>;

[TestClass]
public sealed class RedisProviderLifecycle : ProviderLifecycleConformance<RedisFixture>;

[TestClass]
public sealed class RedisPublishReceive : PublishReceiveConformance<RedisFixture>;

[TestClass]
public sealed class RedisSeek : SeekConformance<RedisFixture>;

[TestClass]
public sealed class RedisSending : SendingConformance<RedisFixture>;

[TestClass]
public sealed class RedisSettlement : SettlementConformance<RedisFixture>;

[TestClass]
public sealed class RedisStates : StatesConformance<RedisFixture>;

[TestClass]
public sealed class RedisTime : TimeConformance<RedisFixture>;

[TestClass]
public sealed class RedisTopics : TopicsConformance<RedisFixture>;

[TestClass]
public sealed class RedisTrim : TrimConformance<RedisFixture>;
