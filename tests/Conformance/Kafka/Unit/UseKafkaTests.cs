using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DashStream.Conformance.Kafka;

/// <summary>Choosing Kafka at registration, in code and by configuration.</summary>
[TestClass]
public sealed class UseKafkaTests
{
    [TestMethod]
    public async Task Settings_come_from_a_configuration_section()
    {
        var section = Section(
            ("BootstrapServers", "a:1,b:2"), ("GroupProtocol", "Consumer"), ("SendTimeout", "00:00:12"), ("MaxPrefetchBytes", "1048576"), ("ReplicationFactor", "3"),
            ("Security:Protocol", "SaslSsl"), ("Security:Mechanism", "ScramSha512"), ("Security:Username", "u"), ("Security:Password", "p"),
            ("Security:VerifyHostName", "false"), ("Settings:socket.timeout.ms", "7000"));

        await using var services = Services(builder => builder.UseKafka(section));
        var options = Options(services);

        Assert.IsInstanceOfType<KafkaProvider>(services.GetRequiredService<IStreamProvider>());
        Assert.AreEqual(("a:1,b:2", KafkaGroupProtocol.Consumer, TimeSpan.FromSeconds(12)), (options.BootstrapServers, options.GroupProtocol, options.SendTimeout));
        Assert.AreEqual((1_048_576, (short)3), (options.MaxPrefetchBytes, options.ReplicationFactor!.Value));
        Assert.AreEqual((KafkaSecurityProtocol.SaslSsl, KafkaSaslMechanism.ScramSha512, "u", "p", false),
            (options.Security.Protocol, options.Security.Mechanism!.Value, options.Security.Username, options.Security.Password, options.Security.VerifyHostName));
        Assert.AreEqual("7000", options.Settings["socket.timeout.ms"]);
    }

    [TestMethod]
    [DataRow("BootstrapServer")]
    [DataRow("Security:Passwort")]
    public async Task An_unknown_key_is_refused(string key)
    {
        await using var services = Services(builder => builder.UseKafka(Section((key, "x"))));

        var error = Assert.Throws<Exception>(() => services.GetRequiredService<IStreamProvider>());

        StringAssert.Contains($"{error}", key.Split(':')[^1]);
    }

    [TestMethod]
    public async Task Everything_wrong_is_named_at_once_and_no_secret_with_it()
    {
        await using var services = Services(builder => builder.UseKafka("a:0", options =>
        {
            options.FetchWait = TimeSpan.Zero;
            options.Security.Password = "hunter2";
            options.Settings["group.id"] = "g";
        }));

        var error = Assert.ThrowsExactly<OptionsValidationException>(() => services.GetRequiredService<IStreamProvider>());

        foreach (var part in (string[])["'a:0'", "FetchWait", "credentials are set", "'group.id'"])
        {
            StringAssert.Contains(error.Message, part);
        }

        Assert.DoesNotContain("hunter2", $"{error}");
    }

    [TestMethod]
    public async Task Servers_can_be_given_alone_and_code_has_the_last_word()
    {
        await using var services = Services(builder => builder.UseKafka("a:1", options => options.ClientId = "me"));

        Assert.AreEqual(("a:1", "me"), (Options(services).BootstrapServers, Options(services).ClientId));
    }

    [TestMethod]
    [DataRow(KafkaCompression.None, true, 0)]
    [DataRow(KafkaCompression.Zstd, true, 1)]
    [DataRow(KafkaCompression.Zstd, false, 0)]
    public async Task Compressing_twice_is_warned_of(KafkaCompression compression, bool frames, int warnings)
    {
        using var log = new LogLines();
        await using var services = Services(
            builder => builder.UseKafka("a:1", options => options.Compression = compression).Configure(options => options.Producer.Codec.CompressionEnabled = frames), log);

        _ = services.GetRequiredService<IStreamProvider>();

        Assert.AreEqual(warnings, log.Lines.Count(line => line.Contains("compressed again with Zstd", StringComparison.Ordinal)));
        Assert.AreEqual(KafkaCompression.None, new KafkaProviderOptions().Compression);
    }

    private static KafkaProviderOptions Options(ServiceProvider services) => services.GetRequiredService<IOptions<KafkaProviderOptions>>().Value;

    private static IConfigurationSection Section(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Kafka:{setting.Key}", (string?)setting.Value))).Build().GetSection("Kafka");

    private static ServiceProvider Services(Action<DashStreamBuilder> configure, ILoggerProvider? log = null)
    {
        var services = new ServiceCollection();
        if (log is not null)
        {
            services.AddLogging(builder => builder.AddProvider(log));
        }

        configure(services.AddDashStream());
        return services.BuildServiceProvider();
    }
}
