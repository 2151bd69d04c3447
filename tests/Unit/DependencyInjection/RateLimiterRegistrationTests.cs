using DashStream.Protocol;
using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DashStream.Tests.DependencyInjection;

[TestClass]
public sealed class RateLimiterRegistrationTests
{
    [TestMethod]
    public async Task Limits_are_bound_from_configuration_and_hold_for_the_streams_producers()
    {
        var services = new ServiceCollection();
        services.AddDashStream("audit").UseMemory().UseRateLimiter(Section(new()
        {
            ["Default:MessagesPerSecond"] = "0",
            ["Default:BurstCapacity"] = "1",
            ["Tenants:acme:BurstCapacity"] = "7",
            ["MaxTenants"] = "5",
        }));
        await using var container = services.BuildServiceProvider();
        var producer = await container.GetRequiredKeyedService<DashStreamClient>("audit").GetProducerAsync("events");
        var limiter = container.GetRequiredKeyedService<TokenBucketRateLimiter>("audit");

        await producer.SendAsync(new TokenChunk { Header = new Header { ThreadId = "t" } });

        Assert.AreSame(limiter, container.GetRequiredKeyedService<IRateLimiter>("audit"));
        Assert.AreEqual(new RateLimit { MessagesPerSecond = 100, BurstCapacity = 7 }, limiter.LimitOf("acme"));
        Assert.AreEqual(0, limiter.AvailableTo("default"));
        await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(new TokenChunk { Header = new Header { ThreadId = "t" } }).AsTask());
    }

    [TestMethod]
    [DataRow("Default:MessagesPerSecond", "-1", "MessagesPerSecond is -1")]
    [DataRow("Tenants:acme:BurstCapacity", "0", "Tenants:acme:BurstCapacity is 0")]
    [DataRow("MaxTenant", "1", "MaxTenant")]
    public async Task Wrong_settings_are_named(string key, string value, string expected)
    {
        var services = new ServiceCollection();
        services.AddDashStream().UseMemory().UseRateLimiter(Section(new() { [key] = value }));
        await using var container = services.BuildServiceProvider();

        var error = Assert.Throws<Exception>(() => container.GetRequiredService<DashStreamClient>());

        Assert.IsTrue(error is OptionsValidationException or InvalidOperationException);
        StringAssert.Contains(error.Message, expected);
    }

    [TestMethod]
    public async Task A_limiter_of_ones_own_is_used_instead()
    {
        var asked = 0;
        var services = new ServiceCollection();
        services.AddDashStream().UseMemory().UseRateLimiter(_ => new Client.ScriptedLimiter((_, _) =>
        {
            asked++;
            return new(true);
        }));
        await using var container = services.BuildServiceProvider();
        var producer = await container.GetRequiredService<DashStreamClient>().GetProducerAsync("events");

        await producer.SendAsync(new TokenChunk { Header = new Header { ThreadId = "t" } });

        Assert.AreEqual(1, asked);
    }

    [TestMethod]
    public async Task The_producers_own_settings_are_bound_beside_it()
    {
        var services = new ServiceCollection();
        services.AddDashStream().UseMemory().Bind(Section(new() { ["Producer:OnRateLimiterFailure"] = "Open", ["Producer:SendTimeout"] = "00:00:05" })).UseRateLimiter();
        await using var container = services.BuildServiceProvider();

        var options = container.GetRequiredService<IOptionsMonitor<DashStreamOptions>>().CurrentValue.Producer;

        Assert.AreEqual(RateLimiterFailure.Open, options.OnRateLimiterFailure);
        Assert.AreEqual(TimeSpan.FromSeconds(5), options.SendTimeout);
        Assert.IsNotNull(options.RateLimiter);
    }

    private static IConfiguration Section(Dictionary<string, string?> values) => new ConfigurationBuilder().AddInMemoryCollection(values).Build();
}
