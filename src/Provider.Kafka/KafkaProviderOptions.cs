using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Settings of a <see cref="KafkaProvider"/>. Read once, when the provider is made, and checked then; nothing is sent for it.</summary>
public sealed class KafkaProviderOptions
{
    private const int MiB = 1024 * 1024;
    private const string OAuthBearerSettings = "sasl.oauthbearer.";

    /// <summary>Where to find the cluster: <c>HOST:PORT</c>, several parted by commas. Default <c>localhost:9092</c>.</summary>
    public string BootstrapServers { get; set; } = "localhost:9092";

    /// <summary>Name of this client in the brokers' logs, metrics and quotas. Default <c>dashstream</c>.</summary>
    public string ClientId { get; set; } = "dashstream";

    /// <summary>Encryption and credentials. Default: none.</summary>
    public KafkaSecurityOptions Security { get; set; } = new();

    /// <summary>Which addresses of a broker are tried. Default: see <see cref="KafkaAddressFamily.Auto"/>.</summary>
    public KafkaAddressFamily AddressFamily { get; set; } = KafkaAddressFamily.Auto;

    /// <summary>Whether the first use of a missing topic creates it (default) or fails with <see cref="StreamErrorKind.NotFound"/>.</summary>
    public bool CreateMissingTopics { get; set; } = true;

    /// <summary>Partitions of topics made on first use. Default 4; 1 to 1024.</summary>
    public int DefaultPartitions { get; set; } = 4;

    /// <summary>Replicas of topics whose spec does not say (<see cref="KafkaTopicPresets.ReplicationFactor"/>). Default null: the broker's default.</summary>
    public short? ReplicationFactor { get; set; }

    /// <summary>Retention of topics made on first use. Default 7 days; null keeps everything. Topics made through the admin keep what their spec says.</summary>
    public TimeSpan? DefaultRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Which hash sends a key to its partition. Default CRC-32, as librdkafka does; murmur2 is the Java client's.</summary>
    public KeyHash KeyHash { get; set; } = KeyHash.Crc32;

    /// <summary>
    /// Largest record (key, value and headers). Default 1 MiB; 1 KiB to 256 MiB. Topics that this provider makes take it; a topic with a lower
    /// <c>max.message.bytes</c> is found out when a producer is opened, and records over that are refused before sending.
    /// </summary>
    public int MaxRecordBytes { get; set; } = MiB;

    /// <summary>Every send is decided within this time. Default 30 s; 10 ms to 1 h.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a batch waits for more records before it is sent. Default zero: while a request is under way the next batch fills by itself, and a send that is
    /// awaited alone is not held up. 0 to 60 s.
    /// </summary>
    public TimeSpan Linger { get; set; } = TimeSpan.Zero;

    /// <summary>
    /// Bytes a producer holds that are not yet stored, with 128 for each record; beyond it sends are refused as throttled. Default 64 MiB; at least
    /// <see cref="MaxRecordBytes"/>.
    /// </summary>
    public long MaxPendingBytes { get; set; } = 64 * MiB;

    /// <summary>Compression of the batches on the wire. Default none, since message frames are compressed already. Both together log a warning.</summary>
    public KafkaCompression Compression { get; set; } = KafkaCompression.None;

    /// <summary>How groups are run. Default classic with cooperative-sticky assignment.</summary>
    public KafkaGroupProtocol GroupProtocol { get; set; } = KafkaGroupProtocol.Classic;

    /// <summary>Under which id a group is known to Kafka. Default <c>GROUP@TOPIC</c>.</summary>
    public KafkaGroupNaming GroupNaming { get; set; } = KafkaGroupNaming.PerTopic;

    /// <summary>
    /// Static membership: <see cref="StreamConsumerOptions.MemberName"/> becomes <c>group.instance.id</c>, so that a member that restarts within its session
    /// gets its partitions back without a rebalance. Names must then be unique in the group and stable, such as a pod's; a second member of the same name
    /// shuts out the first (<see cref="StreamErrorKind.Fenced"/>). Default false.
    /// </summary>
    public bool StaticMembership { get; set; }

    /// <summary>
    /// Bytes that a consumer fetches ahead, half of them inside librdkafka. Default 32 MiB; 64 KiB to 1 GiB. One fetch that is under way may come on top of it.
    /// </summary>
    public int MaxPrefetchBytes { get; set; } = 32 * MiB;

    /// <summary>
    /// How long a broker holds a fetch that finds nothing. Default 100 ms; 1 ms to 10 s. New records end the hold at once, so this is no delay for them; but a
    /// seek, or a partition that was just assigned, may wait for the fetch that is under way. Longer means fewer idle requests.
    /// </summary>
    public TimeSpan FetchWait { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a request to the cluster for administration, metadata or a commit may take. Default 30 s; 100 ms to 10 min.</summary>
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often librdkafka's statistics feed the meter <c>DashStream.Kafka</c>. Default 15 s; zero turns them off; 100 ms to 1 h.</summary>
    public TimeSpan StatisticsInterval { get; set; } = TimeSpan.FromSeconds(15);

    // Polling goes on whatever handlers do, so nobody needs to change it; the cases that prove this make it short.
    internal TimeSpan MaxPollInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Settings for all clients by their native names, for what has no option here. They win over what the provider would choose. Keys that would break a
    /// promise of the contract, such as <c>enable.auto.commit</c>, and those that have an option here are refused by name; a key that librdkafka does not
    /// know fails the first use.
    /// </summary>
    public IDictionary<string, string> Settings { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Changes the native configuration of the producer, after everything else. The keys refused are those of <see cref="Settings"/>.</summary>
    public Action<ProducerConfig>? ConfigureProducer { get; set; }

    /// <summary>Changes the native configuration of every consumer, after everything else. The keys refused are those of <see cref="Settings"/>.</summary>
    public Action<ConsumerConfig>? ConfigureConsumer { get; set; }

    /// <summary>Changes the native configuration of the administration client, after everything else. The keys refused are those of <see cref="Settings"/>.</summary>
    public Action<AdminClientConfig>? ConfigureAdmin { get; set; }

    /// <summary>Options as the environment variables of the original say; see <see cref="KafkaEnvironment"/> for names and for those that are not a provider's.</summary>
    /// <exception cref="StreamException">A variable has a value that cannot be used (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public static KafkaProviderOptions FromEnvironment() => KafkaEnvironment.Read().Options;

    /// <summary>Servers and security, never a secret.</summary>
    public override string ToString() => $"{BootstrapServers}, {Security}";

    /// <summary>Names everything that is out of range or does not fit together. Empty when all is well.</summary>
    public IEnumerable<string> Faults() =>
        ServerFaults()
            .Concat(RangeFaults())
            .Concat(EnumFaults())
            .Concat(Security is null ? [$"{nameof(Security)} is null"] : Security.Faults().Concat(TokenFaults()).Select(static fault => $"{nameof(Security)}: {fault}"))
            .Concat(SettingsGuard.Faults(Settings));

    /// <summary>Throws when <see cref="Faults"/> finds anything.</summary>
    /// <exception cref="StreamException">Something is wrong (<see cref="StreamErrorKind.InvalidRequest"/>); the message names each fault.</exception>
    public void Validate()
    {
        var faults = string.Join("; ", Faults());
        if (faults.Length > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"{nameof(KafkaProviderOptions)}: {faults}.");
        }
    }

    internal IEnumerable<string> ServerFaults() => BrokerList.Faults(BootstrapServers).Select(static fault => $"{nameof(BootstrapServers)} {fault}");

    private IEnumerable<string> RangeFaults()
    {
        const int most = 256 * MiB;
        return new[]
        {
            Unless(!string.IsNullOrWhiteSpace(ClientId), $"{nameof(ClientId)} is blank"),
            Unless(DefaultPartitions is >= 1 and <= TopicSpec.MaxPartitions,
                $"{nameof(DefaultPartitions)} is {DefaultPartitions}; allowed are 1 to {TopicSpec.MaxPartitions}"),
            Unless(ReplicationFactor is null or >= 1, $"{nameof(ReplicationFactor)} is {ReplicationFactor}; the least is 1"),
            Unless(DefaultRetention is null || DefaultRetention >= TimeSpan.FromSeconds(1), $"{nameof(DefaultRetention)} is {DefaultRetention}; the least is 1 s"),
            Unless(MaxRecordBytes is >= 1024 and <= most, $"{nameof(MaxRecordBytes)} is {MaxRecordBytes}; allowed are 1 KiB to 256 MiB"),
            Unless(Between(SendTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)), $"{nameof(SendTimeout)} is {SendTimeout}; allowed are 10 ms to 1 h"),
            Unless(Between(Linger, TimeSpan.Zero, TimeSpan.FromSeconds(60)) && Linger < SendTimeout,
                $"{nameof(Linger)} is {Linger}; allowed are 0 to 60 s, and less than {nameof(SendTimeout)} ({SendTimeout})"),
            Unless(MaxPendingBytes >= MaxRecordBytes, $"{nameof(MaxPendingBytes)} is {MaxPendingBytes}; the least is {nameof(MaxRecordBytes)} ({MaxRecordBytes})"),
            Unless(MaxPrefetchBytes is >= 64 * 1024 and <= 1024 * MiB, $"{nameof(MaxPrefetchBytes)} is {MaxPrefetchBytes}; allowed are 64 KiB to 1 GiB"),
            Unless(Between(FetchWait, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)), $"{nameof(FetchWait)} is {FetchWait}; allowed are 1 ms to 10 s"),
            Unless(Between(OperationTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10)),
                $"{nameof(OperationTimeout)} is {OperationTimeout}; allowed are 100 ms to 10 min"),
            Unless(StatisticsInterval == TimeSpan.Zero || Between(StatisticsInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
                $"{nameof(StatisticsInterval)} is {StatisticsInterval}; allowed are zero and 100 ms to 1 h"),
        }.OfType<string>();
    }

    // librdkafka would wait for a token that nobody makes.
    private IEnumerable<string> TokenFaults()
    {
        if (Security is { UsesSasl: true, Mechanism: KafkaSaslMechanism.OAuthBearer, TokenProvider: null }
            && !Settings.Keys.Any(static key => key.Contains(OAuthBearerSettings, StringComparison.Ordinal))
            && (ConfigureProducer ?? ConfigureConsumer ?? (Delegate?)ConfigureAdmin) is null)
        {
            yield return $"{nameof(Security.Mechanism)} is {Security.Mechanism} and {nameof(Security.TokenProvider)} is not set, nor a native setting '{OAuthBearerSettings}…'";
        }
    }

    private IEnumerable<string> EnumFaults() =>
        new[]
        {
            Known(AddressFamily, nameof(AddressFamily)), Known(KeyHash, nameof(KeyHash)), Known(Compression, nameof(Compression)),
            Known(GroupProtocol, nameof(GroupProtocol)), Known(GroupNaming, nameof(GroupNaming)),
        }.OfType<string>();

    private static string? Known<TEnum>(TEnum value, string name)
        where TEnum : struct, Enum => Unless(Enum.IsDefined(value), $"{name} is {value}; allowed are {string.Join(", ", Enum.GetNames<TEnum>())}");

    private static string? Unless(bool holds, string fault) => holds ? null : fault;

    private static bool Between(TimeSpan value, TimeSpan least, TimeSpan most) => value >= least && value <= most;
}
