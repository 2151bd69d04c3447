using DashStream.Providers;

namespace DashStream.Conformance.Redis.Unit;

[TestClass]
public sealed class RedisOptionsTests
{
    public static IEnumerable<object[]> Wrong() =>
    [
        Case(nameof(RedisConnectionOptions.Endpoints), static options => options.Connection.Endpoints = ""),
        Case(nameof(RedisConnectionOptions.Endpoints), static options => options.Connection.Endpoints = "redis://user:secret@one"),
        Case(nameof(RedisConnectionOptions.Endpoints), static options => options.Connection.Endpoints = "one:70000"),
        Case(nameof(RedisConnectionOptions.Database), static options => options.Connection.Database = -1),
        Case(nameof(RedisConnectionOptions.Password), static options => options.Connection.User = "alice"),
        Case(nameof(RedisConnectionOptions.Tls), static options => options.Connection.TlsHost = "one"),
        Case(nameof(RedisConnectionOptions.TlsCaFile), static options => (options.Connection.Tls, options.Connection.TlsCaFile) = (true, "/missing.pem")),
        Case(nameof(RedisConnectionOptions.CommandTimeout), static options => options.Connection.CommandTimeout = TimeSpan.Zero),
        Case(nameof(RedisProviderOptions.KeyPrefix), static options => options.KeyPrefix = "a{b"),
        Case(nameof(RedisProviderOptions.WriteConnections), static options => options.WriteConnections = 0),
        Case(nameof(RedisProviderOptions.MinReplicas), static options => options.MinReplicas = 17),
        Case(nameof(RedisProviderOptions.RetentionInterval), static options => options.RetentionInterval = TimeSpan.Zero),
    ];

    [TestMethod]
    [DynamicData(nameof(Wrong))]
    public void What_is_out_of_range_is_named_when_the_provider_is_made(string name, Action<RedisProviderOptions> spoil)
    {
        var options = new RedisProviderOptions();
        spoil(options);

        var error = Assert.Throws<StreamException>(() => new RedisProvider(options));

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.Contains(name, error.Message);
        Assert.DoesNotContain("secret", error.Message);
    }

    [TestMethod]
    public async Task Replicas_that_are_waited_for_are_declared()
    {
        await using var alone = new RedisProvider();
        await using var replicated = new RedisProvider(new RedisProviderOptions { MinReplicas = 1 });

        Assert.AreEqual(StreamDurability.Machine, alone.Capabilities.Durability);
        Assert.AreEqual(StreamDurability.Replicated, replicated.Capabilities.Durability);
    }

    private static object[] Case(string name, Action<RedisProviderOptions> spoil) => [name, spoil];
}
