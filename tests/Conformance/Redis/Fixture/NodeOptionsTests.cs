using System.Security.Authentication;

namespace DashStream.Conformance.Redis;

/// <summary>The fixture's servers that are not open to all.</summary>
[TestClass]
public sealed class NodeOptionsTests
{
    [TestMethod]
    public async Task A_client_comes_in_by_tls_when_it_trusts_the_authority()
    {
        await using var node = await RedisNode.StartAsync(new RedisNodeOptions { IsEncrypted = true });

        await using var trusting = await RedisSession.ConnectAsync(node.Port, node.Tls());

        Assert.AreEqual("PONG", await trusting.CallAsync("PING"));
        await Assert.ThrowsExactlyAsync<AuthenticationException>(() => RedisSession.ConnectAsync(node.Port, node.Tls(node.Certificates!.OtherAuthority)));
        await using var plain = await RedisSession.ConnectAsync(node.Port);
        await Assert.ThrowsAsync<IOException>(() => plain.CallAsync("PING"));
    }

    [TestMethod]
    public async Task A_client_shows_its_certificate_where_one_is_asked_for()
    {
        await using var node = await RedisNode.StartAsync(new RedisNodeOptions { IsEncrypted = true, RequireClientCertificate = true });

        await using var known = await RedisSession.ConnectAsync(node.Port, node.Tls(withCertificate: true));
        await using var unknown = await RedisSession.ConnectAsync(node.Port, node.Tls());

        Assert.AreEqual("PONG", await known.CallAsync("PING"));
        await Assert.ThrowsAsync<IOException>(() => unknown.CallAsync("PING"));
    }

    [TestMethod]
    public async Task Nobody_works_without_the_password()
    {
        await using var node = await RedisNode.StartAsync(new RedisNodeOptions { Password = "open-sesame" });

        await using var known = await RedisSession.ConnectAsync(node.Port, password: "open-sesame");
        await using var unknown = await RedisSession.ConnectAsync(node.Port);

        Assert.AreEqual("PONG", await known.CallAsync("PING"));
        Assert.AreEqual("NOAUTH", await RefusalAsync(unknown.CallAsync("PING")));
        Assert.AreEqual("WRONGPASS", await RefusalAsync(RedisSession.ConnectAsync(node.Port, password: "guessed")));
    }

    [TestMethod]
    public async Task A_user_does_what_the_access_list_allows()
    {
        await using var node = await RedisNode.StartAsync(new RedisNodeOptions { Users = [RedisUser.Alice, RedisUser.Bob] });

        await using var alice = await RedisSession.ConnectAsync(node.Port, password: RedisUser.Alice.Password, user: RedisUser.Alice.Name);
        await using var bob = await RedisSession.ConnectAsync(node.Port, password: RedisUser.Bob.Password, user: RedisUser.Bob.Name);

        Assert.AreEqual("OK", await alice.CallAsync("SET", "key", "value"));
        Assert.AreEqual("PONG", await bob.CallAsync("PING"));
        Assert.AreEqual("NOPERM", await RefusalAsync(bob.CallAsync("GET", "key")));
        Assert.AreEqual("WRONGPASS", await RefusalAsync(RedisSession.ConnectAsync(node.Port, password: "guessed", user: RedisUser.Alice.Name)));
    }

    [TestMethod]
    public async Task A_full_server_refuses_writes_and_keeps_what_it_has()
    {
        await using var node = await RedisNode.StartAsync(new RedisNodeOptions { MaxMemoryBytes = 8_000_000 });
        await using var session = await node.ConnectAsync();
        var value = new string('x', 1_000_000);

        var (stored, refusal) = (0, "");
        while (refusal.Length == 0 && stored < 100)
        {
            try
            {
                await session.CallAsync("SET", $"key-{stored}", value);
                stored++;
            }
            catch (RedisAnswerException e)
            {
                refusal = e.Code;
            }
        }

        Assert.AreEqual("OOM", refusal);
        Assert.IsGreaterThan(0, stored);
        Assert.AreEqual(stored, await session.NumberAsync("DBSIZE"));
    }

    private static async Task<string> RefusalAsync(Task call) => (await Assert.ThrowsExactlyAsync<RedisAnswerException>(() => call)).Code;
}
