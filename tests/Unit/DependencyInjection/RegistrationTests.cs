using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DashStream.Tests.DependencyInjection;

[TestClass]
public sealed class RegistrationTests
{
    [TestMethod]
    public async Task The_stream_and_its_provider_are_singletons()
    {
        var services = new ServiceCollection();
        services.AddDashStream().UseMemory();
        await using var container = services.BuildServiceProvider(validateScopes: true);

        var client = container.GetRequiredService<DashStreamClient>();

        Assert.AreSame(client, container.GetRequiredService<DashStreamClient>());
        Assert.AreSame(client.Provider, container.GetRequiredService<IStreamProvider>());
        Assert.IsInstanceOfType<MemoryProvider>(client.Provider);
    }

    [TestMethod]
    public async Task Named_streams_stand_side_by_side()
    {
        var services = new ServiceCollection();
        services.AddDashStream().UseMemory();
        services.AddDashStream("audit").UseMemory();
        await using var container = services.BuildServiceProvider();

        var main = container.GetRequiredService<DashStreamClient>();
        var audit = container.GetRequiredKeyedService<DashStreamClient>("audit");

        Assert.AreNotSame(main.Provider, audit.Provider);
        Assert.AreSame(audit.Provider, container.GetRequiredKeyedService<IStreamProvider>("audit"));
    }

    [TestMethod]
    public void A_stream_without_a_provider_says_what_to_do()
    {
        var services = new ServiceCollection();
        services.AddDashStream("audit");
        using var container = services.BuildServiceProvider();

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => container.GetRequiredKeyedService<IStreamProvider>("audit"));

        StringAssert.Contains(error.Message, "'audit' has no provider");
        StringAssert.Contains(error.Message, ".UseMemory()");
    }

    [TestMethod]
    public async Task The_last_choice_of_a_provider_wins()
    {
        var services = new ServiceCollection();
        services.AddDashStream().UseProvider(_ => throw new InvalidOperationException("not this one")).UseMemory();
        await using var container = services.BuildServiceProvider();

        Assert.AreEqual("memory", container.GetRequiredService<IStreamProvider>().Name);
    }

    [TestMethod]
    public async Task Settings_are_bound_from_configuration()
    {
        var configuration = Configuration(("DashStream:Producer:TenantId", "acme"), ("DashStream:Producer:Codec:CompressionLevel", "7"),
            ("DashStream:Consumer:MaxConcurrency", "3"), ("DashStream:Consumer:Stream:Start", "end"), ("Memory:DefaultPartitions", "9"));
        var services = new ServiceCollection();
        services.AddDashStream().Bind(configuration.GetSection("DashStream")).UseMemory(configuration.GetSection("Memory"));
        await using var container = services.BuildServiceProvider();

        var options = container.GetRequiredService<IOptions<DashStreamOptions>>().Value;

        Assert.AreEqual("acme", options.Producer.TenantId);
        Assert.AreEqual(7, options.Producer.Codec.CompressionLevel);
        Assert.AreEqual(3, options.Consumer.MaxConcurrency);
        Assert.AreSame(SeekTarget.End, options.Consumer.Stream.Start);
        Assert.AreEqual(9, container.GetRequiredService<IOptions<MemoryProviderOptions>>().Value.DefaultPartitions);
    }

    [TestMethod]
    [DataRow("DashStream:Producer:MaxLanes", "0", "MaxLanes is 0; the least is 1")]
    [DataRow("DashStream:Consumer:MaxConcurrency", "0", "MaxConcurrency is 0; allowed are 1 to 10,000")]
    [DataRow("DashStream:Consumer:Codec:CompressionLevel", "40", "Codec: CompressionLevel is 40; allowed: 1 to 22")]
    [DataRow("DashStream:Consumer:Stream:SessionTimeout", "10:00:00", "SessionTimeout is 10:00:00; allowed are 500 ms to 30 min")]
    [DataRow("Memory:DefaultPartitions", "5000", "DefaultPartitions is 5000; allowed are 1 to 1024")]
    [DataRow("DashStream:Producer:TenantIdd", "x", "TenantIdd")]
    [DataRow("DashStream:Consumer:CommitInterval", "soon", "CommitInterval")]
    public async Task A_bad_setting_stops_the_host_at_its_start_and_is_named(string key, string value, string expected)
    {
        var configuration = Configuration((key, value));
        var host = Host.CreateApplicationBuilder();
        host.Services.AddDashStream().Bind(configuration.GetSection("DashStream")).UseMemory(configuration.GetSection("Memory"));
        using var built = host.Build();

        var error = await Assert.ThrowsAsync<Exception>(() => built.StartAsync());

        StringAssert.Contains(error.ToString(), expected);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("audit")]
    public async Task A_provider_can_be_decorated_and_the_swap_for_memory_keeps_the_decoration(string? name)
    {
        var services = new ServiceCollection();
        var builder = name is null ? services.AddDashStream() : services.AddDashStream(name);
        builder.UseProvider(_ => throw new InvalidOperationException("the real one")).DecorateProvider<CountingProvider>();
        services.UseInMemoryDashStream();
        await using var container = services.BuildServiceProvider();

        var provider = name is null ? container.GetRequiredService<IStreamProvider>() : container.GetRequiredKeyedService<IStreamProvider>(name);
        await using var producer = await provider.OpenProducerAsync("events");

        Assert.AreEqual(1, ((CountingProvider)provider).Opened);
        Assert.AreEqual("memory", provider.Name);
    }

    [TestMethod]
    public async Task A_producer_is_opened_once_for_each_topic()
    {
        var services = new ServiceCollection();
        services.AddDashStream().UseMemory();
        await using var container = services.BuildServiceProvider();
        var client = container.GetRequiredService<DashStreamClient>();

        var producers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.GetProducerAsync("events").AsTask()));

        Assert.IsTrue(producers.All(producer => ReferenceEquals(producer, producers[0])));
        Assert.AreNotSame(producers[0], await client.GetProducerAsync("others"));
    }

    [TestMethod]
    public async Task An_opening_that_failed_in_any_way_is_tried_again()
    {
        var services = new ServiceCollection();
        services.AddDashStream().UseMemory().DecorateProvider<CountingProvider>();
        await using var container = services.BuildServiceProvider();
        var client = container.GetRequiredService<DashStreamClient>();
        ((CountingProvider)client.Provider).OpenError = new IOException("not now");

        await Assert.ThrowsExactlyAsync<IOException>(() => client.GetProducerAsync("events").AsTask());

        Assert.AreEqual("events", (await client.GetProducerAsync("events")).Topic);
    }

    [TestMethod]
    public async Task A_producer_that_fails_to_stop_does_not_keep_the_others_open()
    {
        var provider = new FailingStops();
        var services = new ServiceCollection();
        services.AddDashStream().UseProvider(_ => provider);
        var container = services.BuildServiceProvider();
        var client = container.GetRequiredService<DashStreamClient>();
        await client.GetProducerAsync("one");
        await client.GetProducerAsync("two");

        await Assert.ThrowsExactlyAsync<StreamException>(() => container.DisposeAsync().AsTask());

        CollectionAssert.AreEquivalent(new[] { "one", "two" }, provider.Stopped.ToArray());
    }

    private static IConfigurationRoot Configuration(params (string Key, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build();
}
