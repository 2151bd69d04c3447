using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>
/// Every setting that may hold a secret holds one, the server refuses it or nobody answers, and what is told of that is searched for it. A setting that is added
/// holds the secret too, until it is named here as harmless.
/// </summary>
[TestClass]
public sealed class SecretSettingsTests
{
    private static readonly string[] Harmless =
    [
        nameof(RedisConnectionOptions.Endpoints), nameof(RedisConnectionOptions.SentinelMaster), nameof(RedisConnectionOptions.User), nameof(RedisConnectionOptions.TlsHost),
        nameof(RedisConnectionOptions.TlsCaFile), nameof(RedisConnectionOptions.TlsCertificateFile), nameof(RedisConnectionOptions.TlsKeyFile), nameof(RedisProviderOptions.KeyPrefix),
    ];

    [TestMethod]
    public async Task What_is_told_of_a_server_that_does_not_answer_holds_no_secret() => await LookAtAsync("127.0.0.1:1", user: null);

    [TestMethod]
    public async Task What_is_told_of_a_server_that_refuses_holds_no_secret()
    {
        await using var node = await RedisNode.StartAsync(new RedisNodeOptions { Password = "another-3f52" });

        await LookAtAsync(node.Endpoint, user: null);
        await LookAtAsync(node.Endpoint, "somebody");
    }

    private static async Task LookAtAsync(string endpoint, string? user)
    {
        await using var watch = new CanaryWatch();
        var options = new RedisProviderOptions { SendTimeout = TimeSpan.FromSeconds(1) };
        Fill(watch, options, options.Connection, endpoint, user);
        watch.Look("faults", options.Faults());
        await using (var provider = new RedisProvider(options))
        {
            await LookAtFailureAsync(watch, "a producer", async () => await provider.OpenProducerAsync("t"));
            await LookAtFailureAsync(watch, "a consumer", async () => await provider.OpenConsumerAsync("t", new StreamConsumerOptions { Group = "g" }));
            await LookAtFailureAsync(watch, "administration", async () => await provider.Admin.ListTopicsAsync());
            var health = await provider.CheckHealthAsync();
            watch.Look("health", health.ToString());
            watch.Look("health", health.Warnings);
            watch.Look("texts", $"{options} {options.Connection} {provider} {provider.Capabilities}");
        }

        var limits = new RedisRateLimiterOptions();
        Fill(watch, limits, limits.Connection, endpoint, user);
        watch.Look("faults", limits.Faults());
        await using (var limiter = new RedisRateLimiter(limits))
        {
            await LookAtFailureAsync(watch, "a check", async () => await limiter.AcquireAsync("tenant", 1, TimeSpan.Zero));
            await LookAtFailureAsync(watch, "a limit", async () => await limiter.SetLimitAsync("tenant", limits.Default));
            watch.Look("texts", $"{limits} {limits.Connection} {limiter}");
        }

        watch.Observe();
        Assert.IsGreaterThan(9, watch.Looked);
        Assert.IsEmpty(watch.Leaks, string.Join("; ", watch.Leaks));
    }

    private static void Fill(CanaryWatch watch, object options, RedisConnectionOptions connection, string endpoint, string? user)
    {
        var filled = watch.PutInto(options, Harmless);
        (connection.Endpoints, connection.User) = (endpoint, user);
        connection.ConnectTimeout = TimeSpan.FromSeconds(2);
        CollectionAssert.AreEquivalent(new[] { "Connection.Password" }, filled.ToArray());
    }

    private static async Task LookAtFailureAsync(CanaryWatch watch, string what, Func<Task> call) =>
        watch.Look(what, await Assert.ThrowsAsync<StreamException>(call, what));
}
