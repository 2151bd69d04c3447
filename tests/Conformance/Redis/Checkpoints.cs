using DashStream.Providers;
using DashStream.State;

namespace DashStream.Conformance.Redis;

/// <summary>The shared server, with a prefix for each case.</summary>
public sealed class RedisCheckpointFixture : CheckpointStoreFixture
{
    private readonly string _prefix = $"t{Guid.NewGuid():N}";

    public override bool IsPersistent => true;

    public override async ValueTask<ICheckpointStore> OpenAsync(string directory)
    {
        var server = await RedisServerFixture.ServerAsync();
        return new RedisCheckpointStore(new RedisConnectionOptions { Endpoints = server.Endpoint }, _prefix);
    }
}

[TestClass]
public sealed class RedisCheckpoints : CheckpointStoreConformance<RedisCheckpointFixture>
{
    [TestMethod]
    public async Task What_was_saved_survives_a_server_that_was_killed()
    {
        await using var node = await RedisNode.StartAsync();
        await using var store = new RedisCheckpointStore(new RedisConnectionOptions { Endpoints = node.Endpoint });
        var checkpoints = new StateCheckpoints(store);
        await checkpoints.SaveAsync("thread", """{"n":1}"""u8.ToArray());

        await node.KillAsync();
        await node.StartAgainAsync();

        await using var again = new RedisCheckpointStore(new RedisConnectionOptions { Endpoints = node.Endpoint });
        Assert.IsNotNull((await new StateCheckpoints(again).RecoverAsync("thread")).Checkpoint);
    }

    [TestMethod]
    public async Task A_key_that_holds_something_else_is_a_typed_error()
    {
        var server = await RedisServerFixture.ServerAsync();
        var prefix = Limiters.NewPrefix();
        await using var session = await server.ConnectAsync();
        await session.CallAsync("SET", $"{prefix}:checkpoints:{{%/thread}}", "not ours");
        await using var store = new RedisCheckpointStore(new RedisConnectionOptions { Endpoints = server.Endpoint }, prefix);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => store.ListAsync("", "thread").AsTask());

        Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind);
    }

    [TestMethod]
    public void Wrong_settings_are_named()
    {
        var error = Assert.ThrowsExactly<StreamException>(() => new RedisCheckpointStore(new RedisConnectionOptions(), "a b"));

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.Contains("keyPrefix", error.Message);
    }
}
