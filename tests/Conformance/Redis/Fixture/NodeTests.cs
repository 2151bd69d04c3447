using System.Globalization;
using System.Net.Sockets;

namespace DashStream.Conformance.Redis;

/// <summary>The fixture itself: what a test does to a server really happens to it.</summary>
[TestClass]
public sealed class NodeTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(500);
    private static readonly SharedServer<RedisNode> Shared = new(() => RedisNode.StartAsync());

    private RedisNode? _node;

    private RedisNode Node => _node!;

    [TestInitialize]
    public async Task StartAsync() => _node = await Shared.StartedAsync();

    [ClassCleanup]
    public static async Task EndAsync() => await Shared.DisposeAsync();

    [TestMethod]
    public async Task What_is_written_is_read()
    {
        await using var session = await Node.ConnectAsync();

        await session.CallAsync("SET", "read", "höre");
        await session.CallAsync("RPUSH", "list", "one", "", "three");

        Assert.AreEqual("höre", await session.TextAsync("GET", "read"));
        Assert.IsNull(await session.CallAsync("GET", "never"));
        CollectionAssert.AreEqual(new[] { "one", "", "three" }, (await session.ListAsync("LRANGE", "list", "0", "-1")).ToArray());
        Assert.AreEqual("WRONGTYPE", (await Assert.ThrowsExactlyAsync<RedisAnswerException>(() => session.CallAsync("GET", "list"))).Code);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task A_server_that_ended_has_its_data_when_it_is_back(bool killed)
    {
        var key = $"ended-{killed}";
        await Node.CallAsync("SET", key, "before");

        await (killed ? Node.KillAsync() : Node.StopAsync());
        Assert.IsFalse(Node.IsRunning);
        await Assert.ThrowsAsync<SocketException>(Node.ConnectAsync);
        await Node.StartAgainAsync();

        Assert.AreEqual("before", await Node.CallAsync("GET", key));
    }

    [TestMethod]
    public async Task A_suspended_server_answers_nobody_until_it_is_resumed()
    {
        await Node.SuspendAsync();
        var patient = Node.CallAsync("PING");
        var silent = await Task.WhenAny(patient, Task.Delay(Short)) != patient;
        await Node.ResumeAsync();

        Assert.IsTrue(silent);
        Assert.AreEqual("PONG", await patient.WaitAsync(Eventually.Patience));
    }

    [TestMethod]
    public async Task A_server_can_be_told_to_sleep()
    {
        await using var asleep = await Node.ConnectAsync();
        var started = TimeProvider.System.GetTimestamp();

        await asleep.SendAsync("DEBUG", "SLEEP", "0.3");
        await Node.CallAsync("PING");

        Assert.IsGreaterThan(TimeSpan.FromMilliseconds(200), TimeProvider.System.GetElapsedTime(started));
    }

    [TestMethod]
    public async Task Everything_is_written_to_disk()
    {
        Assert.AreEqual("yes", (await SettingAsync("appendonly")));
        Assert.AreEqual(Node.Folder, await SettingAsync("dir"));
        Assert.IsTrue(Directory.Exists(Path.Combine(Node.Folder, "appendonlydir")));
    }

    [TestMethod]
    public async Task Nothing_is_left_of_a_server_that_was_disposed()
    {
        var node = await RedisNode.StartAsync();
        Assert.IsTrue(node.IsRunning);
        Assert.IsTrue(Directory.Exists(node.Folder));

        await node.DisposeAsync();

        Assert.IsFalse(node.IsRunning);
        Assert.IsFalse(Directory.Exists(node.Folder));
    }

    [TestMethod]
    public async Task Nothing_is_left_of_a_run_that_was_killed()
    {
        using var run = ChildProcess.Start("server");
        var (port, folder) = (await run.ReadLineAsync())!.Split(' ') is [var first, var second] ? (int.Parse(first, CultureInfo.InvariantCulture), second) : (0, "");
        Assert.IsTrue(await FreePorts.IsTakenAsync(port));
        Assert.IsTrue(Directory.Exists(folder));

        await run.KillAsync();

        await Eventually.TrueAsync(async () => !await FreePorts.IsTakenAsync(port), "the server is gone");
        await Eventually.TrueAsync(() => !Directory.Exists(folder), "its folder is gone");
    }

    [TestMethod]
    public async Task A_server_that_cannot_start_says_why()
    {
        var error = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => RedisNode.StartAsync(new RedisNodeOptions { Settings = ["maxmemory-policy none"] }));

        Assert.Contains("maxmemory-policy", error.Message);
    }

    private async Task<object?> SettingAsync(string name) => ((IReadOnlyList<object?>)(await Node.CallAsync("CONFIG", "GET", name))!)[1];
}
