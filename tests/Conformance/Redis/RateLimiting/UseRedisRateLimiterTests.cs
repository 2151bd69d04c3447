using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DashStream.Conformance.Redis;

/// <summary>The shared limiter as an application registers it, and what its options refuse. No server is asked.</summary>
[TestClass]
public sealed class UseRedisRateLimiterTests
{
    [TestMethod]
    public async Task A_stream_gets_the_limiter_that_the_container_holds()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddDashStream().UseMemory().UseRedisRateLimiter(options => options.Connection.Endpoints = "cache:6380");
        using var host = builder.Build();

        var limiter = host.Services.GetRequiredService<RedisRateLimiter>();

        Assert.AreSame(limiter, host.Services.GetRequiredService<IOptions<DashStreamOptions>>().Value.Producer.RateLimiter);
        await limiter.DisposeAsync();
    }

    [TestMethod]
    public void Settings_come_from_a_section_and_each_stream_has_its_own()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Limits:Connection:Endpoints"] = "cache:6380", ["Limits:KeyPrefix"] = "audit", ["Limits:Default:MessagesPerSecond"] = "7", ["Limits:Default:BurstCapacity"] = "70",
            ["Limits:Tenants:acme:MessagesPerSecond"] = "8", ["Limits:Tenants:acme:BurstCapacity"] = "80", ["Limits:CheckTimeout"] = "00:00:01",
        }).Build();
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddDashStream().UseMemory();
        builder.Services.AddDashStream("audit").UseMemory().UseRedisRateLimiter(configuration.GetSection("Limits"));
        using var host = builder.Build();

        var limiter = host.Services.GetRequiredKeyedService<RedisRateLimiter>("audit");
        var settings = host.Services.GetRequiredService<IOptionsMonitor<RedisRateLimiterOptions>>().Get("audit");

        Assert.AreEqual(("cache:6380", "audit", TimeSpan.FromSeconds(1)), (settings.Connection.Endpoints, settings.KeyPrefix, settings.CheckTimeout));
        Assert.AreEqual((7d, 80L), (limiter.OwnLimitOf("any").MessagesPerSecond, limiter.OwnLimitOf("acme").BurstCapacity));
        Assert.IsNull(host.Services.GetRequiredService<IOptions<DashStreamOptions>>().Value.Producer.RateLimiter);
    }

    [TestMethod]
    public async Task A_host_with_wrong_settings_does_not_start_and_names_each()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddDashStream().UseMemory().UseRedisRateLimiter(options =>
        {
            options.KeyPrefix = "a b";
            options.CheckTimeout = TimeSpan.Zero;
            options.Connection.Endpoints = "";
            options.Default = new RateLimit { MessagesPerSecond = double.NaN };
            options.Tenants["acme"] = new RateLimit { BurstCapacity = -1 };
        });
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<Exception>(() => host.StartAsync());

        foreach (var name in new[] { "KeyPrefix", "CheckTimeout", "Connection: Endpoints", "Default:MessagesPerSecond", "Tenants:acme:BurstCapacity" })
        {
            Assert.Contains(name, error.Message);
        }
    }

    [TestMethod]
    public void A_limiter_with_wrong_settings_is_not_made()
    {
        var error = Assert.ThrowsExactly<StreamException>(() => new RedisRateLimiter(new RedisRateLimiterOptions { KeyPrefix = "" }));

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.Contains("KeyPrefix", error.Message);
    }

    [TestMethod]
    [DataRow("acme-1_a.b", "acme-1_a.b")]
    [DataRow("", "%")]
    [DataRow("%", "%25")]
    [DataRow("a b", "a%20b")]
    [DataRow("{a}", "%7ba%7d")]
    [DataRow("ä:*", "%c3%a4%3a%2a")]
    public void A_tenant_in_a_key_is_escaped(string tenant, string expected) => Assert.AreEqual(expected, KeyText.Escape(tenant));
}
