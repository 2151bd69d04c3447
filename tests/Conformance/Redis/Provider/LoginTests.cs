using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>Who is let in, by password, user and TLS, and who is not; and no secret in any text.</summary>
[TestClass]
public sealed class LoginTests
{
    private const string Topic = "events";
    private const string Password = "open-sesame-71d0";

    // As the provider's README says.
    private static readonly RedisUser Carol = new("carol", "carol-secret-5d11", "~ds:* +@read +@write +@scripting +@connection +info +time");

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [TestMethod]
    public async Task The_right_password_lets_in_and_others_do_not()
    {
        await using var node = await RedisNode.StartAsync(new RedisNodeOptions { Password = Password });

        await WorksAsync(node, connection => connection.Password = Password);
        await IsRefusedAsync(node, StreamErrorKind.Unauthorized, connection => connection.Password = "guessed-9a2e");
        await IsRefusedAsync(node, StreamErrorKind.Unauthorized, static _ => { });
    }

    [TestMethod]
    public async Task A_user_does_what_the_access_list_allows()
    {
        await using var node = await RedisNode.StartAsync(new RedisNodeOptions { Password = Password, Users = [RedisUser.Alice, RedisUser.Bob, Carol] });

        await WorksAsync(node, As(RedisUser.Alice));
        await WorksAsync(node, As(Carol));
        await IsRefusedAsync(node, StreamErrorKind.Unauthorized, As(RedisUser.Bob));
        await IsRefusedAsync(node, StreamErrorKind.Unauthorized, As(RedisUser.Alice with { Password = "guessed-9a2e" }));
        await IsRefusedAsync(node, StreamErrorKind.Unauthorized, As(RedisUser.Alice with { Name = "nobody" }));
    }

    [TestMethod]
    public async Task Tls_lets_in_who_trusts_the_authority()
    {
        await using var node = await RedisNode.StartAsync(new RedisNodeOptions { IsEncrypted = true, Password = Password, Users = [RedisUser.Alice] });

        await WorksAsync(node, Tls(node.Certificates!.Authority, Password));
        await WorksAsync(node, connection =>
        {
            Tls(node.Certificates!.Authority, Password)(connection);
            As(RedisUser.Alice)(connection);
        });
        await IsRefusedAsync(node, StreamErrorKind.Unauthorized, Tls(node.Certificates.OtherAuthority, Password));
        await IsRefusedAsync(node, StreamErrorKind.Transient, connection => connection.Password = Password);
    }

    [TestMethod]
    public async Task A_server_that_asks_for_a_certificate_is_shown_one()
    {
        await using var node = await RedisNode.StartAsync(new RedisNodeOptions { IsEncrypted = true, RequireClientCertificate = true });

        await WorksAsync(node, connection =>
        {
            Tls(node.Certificates!.Authority, password: null)(connection);
            connection.TlsCertificateFile = node.Certificates.ClientCertificate;
            connection.TlsKeyFile = node.Certificates.ClientKey;
        });
    }

    [TestMethod]
    public async Task Databases_are_apart()
    {
        await using var node = await RedisNode.StartAsync();

        await WorksAsync(node, static connection => connection.Database = 3);
        await using var other = Open(node, static _ => { });

        Assert.IsEmpty(await other.Admin.ListTopicsAsync());
    }

    private static Action<RedisConnectionOptions> As(RedisUser user) => connection => (connection.User, connection.Password) = (user.Name, user.Password);

    private static Action<RedisConnectionOptions> Tls(string authority, string? password) => connection =>
    {
        connection.Tls = true;
        connection.TlsHost = "localhost";
        connection.TlsCaFile = authority;
        connection.Password = password;
    };

    private static RedisProvider Open(RedisNode node, Action<RedisConnectionOptions> configure)
    {
        var options = new RedisProviderOptions { DefaultPartitions = 1 };
        options.Connection.Endpoints = node.Endpoint;
        options.Connection.ConnectTimeout = TimeSpan.FromSeconds(3);
        configure(options.Connection);
        return new RedisProvider(options);
    }

    private static async Task WorksAsync(RedisNode node, Action<RedisConnectionOptions> configure)
    {
        await using var provider = Open(node, configure);
        await using var producer = await provider.OpenProducerAsync(Topic).AsTask().WaitAsync(Soon);

        await producer.SendAsync(ProviderUnderTest.Record(1)).AsTask().WaitAsync(Soon);

        Assert.IsTrue((await provider.CheckHealthAsync()).Ready);
    }

    private static async Task IsRefusedAsync(RedisNode node, StreamErrorKind kind, Action<RedisConnectionOptions> configure)
    {
        await using var provider = Open(node, configure);

        var error = await Assert.ThrowsAsync<StreamException>(() => provider.OpenProducerAsync(Topic).AsTask().WaitAsync(Soon));
        var health = await provider.CheckHealthAsync();

        Assert.AreEqual(kind, error.Kind, error.ToString());
        Assert.IsFalse(health.Ready);
        foreach (var secret in new[] { Password, "guessed-9a2e", RedisUser.Alice.Password, RedisUser.Bob.Password })
        {
            Assert.DoesNotContain(secret, error.ToString());
            Assert.DoesNotContain(secret, health.ToString());
        }
    }
}
