using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>What is checked when a provider is made, before anything is sent.</summary>
[TestClass]
public sealed class KafkaOptionsTests
{
    private const string Secret = "s3cret-0815";
    private static readonly string File = typeof(KafkaOptionsTests).Assembly.Location;

    [TestMethod]
    public void The_defaults_are_valid() => Assert.IsEmpty(new KafkaProviderOptions().Faults());

    [TestMethod]
    [DataRow("", "names no server")]
    [DataRow(" , ", "names no server")]
    [DataRow("a:0", "'a:0', whose port")]
    [DataRow("a:65536", "'a:65536', whose port")]
    [DataRow("a:b", "'a:b', whose port")]
    [DataRow(":9092", "':9092', which is no HOST:PORT")]
    [DataRow("kafka://u:p@a:1", "which is no HOST:PORT")]
    [DataRow("a b:1", "which is no HOST:PORT")]
    [DataRow("[::1:9092", "which is no HOST:PORT")]
    public void Servers_that_are_none_are_named(string servers, string fault) =>
        AssertRefused(options => options.BootstrapServers = servers, fault);

    [TestMethod]
    [DataRow("a")]
    [DataRow("a:9092, b:9093 ,")]
    [DataRow("[::1]:9092")]
    [DataRow("SASL_SSL://a:9092")]
    public void Servers_in_every_form_are_taken(string servers) => new KafkaProviderOptions { BootstrapServers = servers }.Validate();

    [TestMethod]
    public void Every_number_has_its_range()
    {
        AssertRefused(o => o.ClientId = " ", "ClientId is blank");
        AssertRefused(o => o.DefaultPartitions = 0, "DefaultPartitions is 0; allowed are 1 to ");
        AssertRefused(o => o.ReplicationFactor = 0, "ReplicationFactor is 0");
        AssertRefused(o => o.DefaultRetention = TimeSpan.Zero, "DefaultRetention is 00:00:00");
        AssertRefused(o => o.MaxRecordBytes = 1023, "MaxRecordBytes is 1023");
        AssertRefused(o => o.SendTimeout = TimeSpan.FromHours(2), "SendTimeout is 02:00:00");
        AssertRefused(o => o.Linger = TimeSpan.FromSeconds(40), "Linger is 00:00:40; allowed are 0 to 60 s, and less than SendTimeout");
        AssertRefused(o => o.MaxPendingBytes = 1024, "MaxPendingBytes is 1024");
        AssertRefused(o => o.MaxPrefetchBytes = 1, "MaxPrefetchBytes is 1;");
        AssertRefused(o => o.FetchWait = TimeSpan.Zero, "FetchWait is 00:00:00");
        AssertRefused(o => o.OperationTimeout = TimeSpan.FromHours(1), "OperationTimeout is 01:00:00");
        AssertRefused(o => o.StatisticsInterval = TimeSpan.FromMilliseconds(1), "StatisticsInterval is 00:00:00.0010000");
        AssertRefused(o => o.KeyHash = (KeyHash)9, "KeyHash is 9; allowed are Crc32, Murmur2");
        AssertRefused(o => o.Compression = (KafkaCompression)77, "Compression is 77; allowed are None, Gzip, Snappy, Lz4, Zstd");
        AssertRefused(o => o.GroupProtocol = (KafkaGroupProtocol)7, "GroupProtocol is 7");
        AssertRefused(o => o.Security = null!, "Security is null");
    }

    [TestMethod]
    public void Security_that_does_not_fit_together_is_refused()
    {
        AssertRefused(o => o.Security.Protocol = (KafkaSecurityProtocol)9, "Protocol is 9");
        AssertRefused(o => o.Security.Protocol = KafkaSecurityProtocol.SaslSsl, "Mechanism is not set; set one of Plain, ScramSha256, ScramSha512, OAuthBearer, Gssapi");
        AssertRefused(Sasl((KafkaSaslMechanism)9), "Mechanism is 9");
        AssertRefused(Sasl(KafkaSaslMechanism.Plain), "Username and Password are not set");
        AssertRefused(Sasl(KafkaSaslMechanism.ScramSha256, user: "u"), "only one of Username and Password");
        AssertRefused(Sasl(KafkaSaslMechanism.ScramSha512, password: Secret), "only one of Username and Password");
        AssertRefused(Sasl(KafkaSaslMechanism.OAuthBearer), "TokenProvider is not set");
        AssertRefused(o => Set(o, Sasl(KafkaSaslMechanism.Plain, "u", Secret), x => x.Security.TokenProvider = NoToken), "only OAuthBearer takes tokens");
        AssertRefused(o => o.Security.Password = Secret, "credentials are set and Protocol is Plaintext");
        AssertRefused(o => o.Security.CaLocation = File, "certificates are set and Protocol is Plaintext");
        AssertRefused(Ssl(s => s.CertificateLocation = File), "only one of CertificateLocation and KeyLocation");
        AssertRefused(Ssl(s => s.KeyPassword = Secret), "KeyPassword is set and KeyLocation is not");
        AssertRefused(Ssl(s => s.CaLocation = "/nowhere/ca.pem"), "CaLocation '/nowhere/ca.pem' does not exist");
        AssertRefused(Ssl(s => (s.CertificateLocation, s.KeyLocation) = ("/nowhere/c.pem", File)), "CertificateLocation '/nowhere/c.pem' is no file that exists");
    }

    [TestMethod]
    public void Security_that_fits_is_taken()
    {
        foreach (var configure in (Action<KafkaProviderOptions>[])
        [
            Sasl(KafkaSaslMechanism.Plain, "u", Secret), Sasl(KafkaSaslMechanism.ScramSha256, "u", Secret), Sasl(KafkaSaslMechanism.ScramSha512, "u", Secret),
            Sasl(KafkaSaslMechanism.Gssapi),
            o => Set(o, Sasl(KafkaSaslMechanism.OAuthBearer), x => x.Security.TokenProvider = NoToken),
            o => Set(o, Sasl(KafkaSaslMechanism.OAuthBearer), x => x.Settings["sasl.oauthbearer.method"] = "oidc"),
            Ssl(_ => { }), Ssl(s => s.CaLocation = "probe"), Ssl(s => (s.CertificateLocation, s.KeyLocation, s.KeyPassword) = (File, File, Secret)),
        ])
        {
            var options = new KafkaProviderOptions();
            configure(options);
            Assert.AreEqual("", string.Join("; ", options.Faults()));
        }
    }

    [TestMethod]
    public void Everything_wrong_is_told_at_once()
    {
        var error = Assert.ThrowsExactly<StreamException>(() => new KafkaProvider(new KafkaProviderOptions
        {
            BootstrapServers = "a:0",
            MaxPrefetchBytes = 0,
            Security = { Protocol = KafkaSecurityProtocol.SaslSsl, CaLocation = "/nowhere", Password = Secret },
            Settings = { ["enable.auto.commit"] = "true", ["acks"] = "1" },
        }));

        foreach (var part in (string[])["'a:0'", "MaxPrefetchBytes", "Mechanism is not set", "/nowhere", "only one of Username", "'enable.auto.commit'", "'acks'"])
        {
            StringAssert.Contains(error.Message, part);
        }

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.DoesNotContain(Secret, error.ToString());
    }

    [TestMethod]
    public void No_secret_is_in_any_text()
    {
        var options = new KafkaProviderOptions
        {
            Security = { Protocol = KafkaSecurityProtocol.SaslSsl, Mechanism = KafkaSaslMechanism.Plain, Username = "u", Password = Secret, KeyPassword = Secret },
            Settings = { ["ssl.keystore.password"] = Secret },
        };
        var token = new KafkaToken(Secret, DateTimeOffset.UnixEpoch, "alice");

        Assert.DoesNotContain(Secret, $"{options} {options.Security} {string.Join("; ", options.Faults())} {token}");
        StringAssert.Contains($"{options.Security}", "user u");
        Assert.AreEqual("*** and ***", new SecretScrubber(options).Scrub($"{Secret} and {Secret}"));
    }

    private static ValueTask<KafkaToken> NoToken(CancellationToken cancellationToken) => throw new InvalidOperationException("Nobody asks.");

    private static void Set(KafkaProviderOptions options, params Action<KafkaProviderOptions>[] changes) => Array.ForEach(changes, change => change(options));

    private static Action<KafkaProviderOptions> Sasl(KafkaSaslMechanism mechanism, string? user = null, string? password = null) => options =>
        (options.Security.Protocol, options.Security.Mechanism, options.Security.Username, options.Security.Password) = (KafkaSecurityProtocol.SaslSsl, mechanism, user, password);

    private static Action<KafkaProviderOptions> Ssl(Action<KafkaSecurityOptions> change) => options =>
    {
        options.Security.Protocol = KafkaSecurityProtocol.Ssl;
        change(options.Security);
    };

    private static void AssertRefused(Action<KafkaProviderOptions> change, string fault)
    {
        var options = new KafkaProviderOptions();
        change(options);
        var error = Assert.ThrowsExactly<StreamException>(options.Validate);
        StringAssert.Contains(error.Message, fault);
        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.DoesNotContain(Secret, error.ToString());
    }
}
