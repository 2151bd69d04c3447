using DashStream.Providers;

namespace DashStream.Conformance.Providers;

public sealed class FileFixture : ConformanceFixture
{
    public override ValueTask<IStreamProvider> OpenProviderAsync(ProviderSetup setup) =>
        new(new FileProvider(setup.Directory, new FileProviderOptions { CreateMissingTopics = setup.CreateMissingTopics }));
}

[TestClass]
public sealed class FileBatches : BatchesConformance<FileFixture>;

[TestClass]
public sealed class FileCanary : CanaryConformance<FileFixture>;

[TestClass]
public sealed class FileCapabilities : CapabilitiesConformance<FileFixture>;

[TestClass]
public sealed class FileConsumerLifecycle : ConsumerLifecycleConformance<FileFixture>;

[TestClass]
public sealed class FileContent : ContentConformance<FileFixture>;

[TestClass]
public sealed class FileDeadLetters : DeadLettersConformance<FileFixture>;

[TestClass]
public sealed class FileFaultPlan : FaultPlanConformance<FileFixture>;

[TestClass]
public sealed class FileGroupCommit : GroupCommitConformance<FileFixture>;

[TestClass]
public sealed class FileGroupRebalance : GroupRebalanceConformance<FileFixture>;

[TestClass]
public sealed class FileGroupSharing : GroupSharingConformance<FileFixture>;

[TestClass]
public sealed class FileHandling : HandlingConformance<FileFixture>;

[TestClass]
public sealed class FileNumbers : NumbersConformance<FileFixture>;

[TestClass]
public sealed class FileOrder : OrderConformance<FileFixture>;

[TestClass]
public sealed class FilePause : PauseConformance<FileFixture>;

[TestClass]
public sealed class FilePeerPains : PeerPainsConformance<FileFixture>;

[TestClass]
public sealed class FileProducerLifecycle : ProducerLifecycleConformance<FileFixture>;

[TestClass]
public sealed class FileProviderLifecycle : ProviderLifecycleConformance<FileFixture>;

[TestClass]
public sealed class FilePublishReceive : PublishReceiveConformance<FileFixture>;

[TestClass]
public sealed class FileSeek : SeekConformance<FileFixture>;

[TestClass]
public sealed class FileSending : SendingConformance<FileFixture>;

[TestClass]
public sealed class FileSettlement : SettlementConformance<FileFixture>;

[TestClass]
public sealed class FileStates : StatesConformance<FileFixture>;

[TestClass]
public sealed class FileTime : TimeConformance<FileFixture>;

[TestClass]
public sealed class FileTopics : TopicsConformance<FileFixture>;

[TestClass]
public sealed class FileTrim : TrimConformance<FileFixture>;
