namespace DashStream.Conformance.Redis;

/// <summary>The server that a test run shares.</summary>
[TestClass]
public sealed class SharedServerTests
{
    [TestMethod]
    public async Task Every_test_gets_the_same_server_and_it_works()
    {
        var server = await RedisServerFixture.ServerAsync();
        await using var session = await server.ConnectAsync();

        Assert.AreEqual("PONG", await session.CallAsync("PING"));
        Assert.AreSame(server, await RedisServerFixture.ServerAsync());
    }
}
