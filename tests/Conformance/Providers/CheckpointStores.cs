using DashStream.Providers;
using DashStream.State;

namespace DashStream.Conformance.Providers;

public sealed class MemoryCheckpointFixture : CheckpointStoreFixture
{
    public override bool IsPersistent => false;

    public override ValueTask<ICheckpointStore> OpenAsync(string directory) => new(new MemoryCheckpointStore());
}

public sealed class FileCheckpointFixture : CheckpointStoreFixture
{
    public override bool IsPersistent => true;

    public override ValueTask<ICheckpointStore> OpenAsync(string directory) => new(new FileCheckpointStore(Path.Combine(directory, "checkpoints")));
}

public sealed class SqliteCheckpointFixture : CheckpointStoreFixture
{
    public override bool IsPersistent => true;

    public override ValueTask<ICheckpointStore> OpenAsync(string directory) => new(new SqliteCheckpointStore(Path.Combine(directory, "checkpoints.db")));
}

[TestClass]
public sealed class MemoryCheckpoints : CheckpointStoreConformance<MemoryCheckpointFixture>;

[TestClass]
public sealed class FileCheckpoints : CheckpointStoreConformance<FileCheckpointFixture>;

[TestClass]
public sealed class SqliteCheckpoints : CheckpointStoreConformance<SqliteCheckpointFixture>;
