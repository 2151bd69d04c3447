namespace DashStream.Conformance.Redis;

/// <summary>The fixture with a proxy before the server: a cut or hanging network, with both ends alive.</summary>
[TestClass]
public sealed class NetworkTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);
    private static readonly SharedServer<RedisNode> Shared = new(() => RedisNode.StartAsync(new RedisNodeOptions { ThroughProxy = true }));

    private RedisNode? _node;

    private RedisNode Node => _node!;

    [TestInitialize]
    public async Task StartAsync() => _node = await Shared.StartedAsync();

    [ClassCleanup]
    public static async Task EndAsync() => await Shared.DisposeAsync();

    [TestMethod]
    public async Task A_cut_ends_connections_that_were_open()
    {
        await using var before = await RedisSession.ConnectAsync(Node.Port);
        Assert.AreEqual("PONG", await before.CallAsync("PING"));

        Node.Proxy!.Cut();
        await Assert.ThrowsAsync<IOException>(() => before.CallAsync("PING"));
        Node.Proxy.Resume();

        await using var after = await RedisSession.ConnectAsync(Node.Port);
        Assert.AreEqual("PONG", await after.CallAsync("PING"));
    }

    [TestMethod]
    public async Task What_was_sent_while_the_network_hung_is_done_when_it_is_back()
    {
        await using var session = await RedisSession.ConnectAsync(Node.Port);

        Node.Proxy!.Hang();
        var patient = session.CallAsync("INCR", "hung");
        var silent = await Task.WhenAny(patient, Task.Delay(Short)) != patient;
        var before = await Node.CallAsync("GET", "hung");
        Node.Proxy.Resume();

        Assert.IsTrue(silent);
        Assert.IsNull(before);
        Assert.AreEqual(1L, await patient.WaitAsync(Eventually.Patience));
    }

    [TestMethod]
    public async Task A_cut_between_request_and_reply_loses_the_reply_only()
    {
        await using var session = await RedisSession.ConnectAsync(Node.Port);
        await session.CallAsync("PING");

        Node.Proxy!.HoldReplies();
        var unheard = session.CallAsync("INCR", "done");
        await Eventually.TrueAsync(async () => await Node.CallAsync("GET", "done") is "1", "the server to have done it");
        Node.Proxy.Cut();
        Node.Proxy.Resume();

        await Assert.ThrowsAsync<IOException>(() => unheard);
        Assert.AreEqual("1", await Node.CallAsync("GET", "done"));
    }
}
