using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DashStream.Tests.DependencyInjection;

[TestClass]
public sealed class DeadLetterRegistrationTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dashstream-di-").FullName;

    [TestCleanup]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public async Task The_streams_producers_and_consumers_use_the_registered_sink()
    {
        var services = new ServiceCollection();
        services.AddDashStream().UseMemory().UseDeadLetters();
        services.AddDashStream("audit").UseMemory().UseDeadLetters(options => options.Topic = "lost");
        await using var container = services.BuildServiceProvider(validateScopes: true);

        var options = container.GetRequiredService<IOptionsMonitor<DashStreamOptions>>();

        Assert.AreSame(container.GetRequiredService<IDeadLetterSink>(), options.Get(Options.DefaultName).Consumer.DeadLetters);
        Assert.AreSame(container.GetRequiredKeyedService<IDeadLetterSink>("audit"), options.Get("audit").Consumer.DeadLetters);
        Assert.AreSame(container.GetRequiredKeyedService<IDeadLetterSink>("audit"), options.Get("audit").Producer.DeadLetters);
        Assert.AreNotSame(container.GetRequiredService<IDeadLetterSink>(), container.GetRequiredKeyedService<IDeadLetterSink>("audit"));
        Assert.IsInstanceOfType<ProviderDeadLetterSink>(container.GetRequiredService<IDeadLetterSink>());
    }

    [TestMethod]
    public async Task A_sink_of_ones_own_stays()
    {
        await using var own = new ProviderDeadLetterSink(new MemoryProvider());
        var services = new ServiceCollection();
        services.AddDashStream().UseMemory().Configure(options => options.Consumer.DeadLetters = own).UseDeadLetters();
        await using var container = services.BuildServiceProvider();

        Assert.AreSame(own, container.GetRequiredService<IOptionsMonitor<DashStreamOptions>>().CurrentValue.Consumer.DeadLetters);
    }

    [TestMethod]
    public async Task Letters_can_go_to_another_provider_and_wait_in_a_folder_until_the_host_starts()
    {
        await using var letters = new MemoryProvider();
        var record = DeadLetters.StoredDeadLetterTests.Create(
            DeadLetters.StoredDeadLetterTests.Failed(DeadLetters.StoredDeadLetterTests.Record("k", [1]), DeadLetterStage.Send));
        File.WriteAllBytes(Path.Combine(_folder, "1.letter"), new SpooledLetter("events.dlq", record).ToBytes());
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDashStream().UseMemory().UseDeadLetters(options => options.Spool.Folder = _folder, provider: _ => letters);
        using var host = builder.Build();

        await host.StartAsync();

        await letters.Admin.CreateTopicAsync(new TopicSpec("events.dlq"));
        await using var consumer = await letters.OpenConsumerAsync("events.dlq", new StreamConsumerOptions());
        Assert.HasCount(1, (await consumer.ReadAsync(TimeSpan.FromSeconds(20))).Records);
        await host.StopAsync();
    }

    [TestMethod]
    public async Task Error_texts_of_letters_and_states_of_runs_are_redacted_as_the_stream_redacts()
    {
        var services = new ServiceCollection();
        services.AddDashStream().UseMemory().UseDeadLetters().AddRuns("runs").Configure(options => options.Producer.Redaction = new RedactionOptions());
        services.AddDashStream("plain").UseMemory().UseDeadLetters();
        await using var container = services.BuildServiceProvider();
        var letters = container.GetRequiredService<IOptionsMonitor<DeadLetterOptions>>();
        var runs = container.GetRequiredService<IOptionsMonitor<DashStreamRunsOptions>>();
        Assert.IsNotNull(container.GetRequiredService<IDeadLetterSink>());

        Assert.DoesNotContain("canary@example.org", letters.CurrentValue.Scrub!("no such user: canary@example.org"));
        Assert.AreEqual("canary@example.org", letters.Get("plain").Scrub!("canary@example.org"));
        var state = System.Text.Encoding.UTF8.GetString(runs.CurrentValue.StateFilter!("{\"user\":\"canary@example.org\"}"u8.ToArray()).Span);
        Assert.DoesNotContain("canary@example.org", state);
    }

    [TestMethod]
    public void Settings_come_from_configuration_and_are_checked()
    {
        var section = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Topic"] = "lost",
            ["MaxInFlight"] = "0",
            ["Spool:Folder"] = _folder,
            ["Spool:MaxBytes"] = "1",
        }).Build();
        var services = new ServiceCollection();
        services.AddDashStream("runs").UseMemory().UseDeadLetters(section: section);
        using var container = services.BuildServiceProvider();

        var error = Assert.ThrowsExactly<OptionsValidationException>(() => container.GetRequiredService<IOptionsMonitor<DeadLetterOptions>>().Get("runs"));

        StringAssert.Contains(error.Message, "MaxInFlight is 0");
        StringAssert.Contains(error.Message, "Spool: MaxBytes is 1");
    }

    [TestMethod]
    public void An_unknown_setting_is_refused()
    {
        var section = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Topik"] = "lost" }).Build();
        var services = new ServiceCollection();
        services.AddDashStream().UseMemory().UseDeadLetters(section: section);
        using var container = services.BuildServiceProvider();

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => container.GetRequiredService<IOptionsMonitor<DeadLetterOptions>>().CurrentValue);

        StringAssert.Contains(error.Message, "Topik");
    }
}
