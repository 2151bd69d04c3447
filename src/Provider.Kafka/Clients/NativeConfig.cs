using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Turns the options into configurations of librdkafka. Every call makes a new one, since Confluent's classes share what they are copied from.</summary>
internal sealed class NativeConfig(KafkaProviderOptions options)
{
    /// <summary>Bytes that the record format adds to a record of a batch at most, apart from its headers: batch frame, lengths, deltas.</summary>
    public const int RecordOverhead = 128;

    /// <summary>Bytes that the record format adds to each header at most: two lengths.</summary>
    public const int HeaderOverhead = 10;

    /// <summary>Largest batch that is sent, unless one record alone is larger: librdkafka's default, below every broker's default limit.</summary>
    public const int StandardBatchBytes = 1_000_000;

    private const int MaxFetchBytes = 50 * 1024 * 1024;
    private const int MinReceiveBytes = 100_000_000;
    private const int ReceiveSlack = 1024 * 1024;
    private const int FetchBackoffMs = 10;
    private const int AdminRefreshMs = 10_000;
    private const int ReconnectMs = 100;
    private const int ReconnectMaxMs = 2_000;

    /// <summary>How much more than the record itself librdkafka must let through, for the lengths of a few thousand headers.</summary>
    private const int MessageSlack = 64 * 1024;

    /// <summary>For the client that administers, asks for offsets and reports health.</summary>
    public AdminClientConfig ForAdmin()
    {
        var config = new AdminClientConfig(Common(options.ClientId)) { TopicMetadataRefreshIntervalMs = AdminRefreshMs };
        Finish(nameof(KafkaProviderOptions.ConfigureAdmin), options.ConfigureAdmin, config);
        return config;
    }

    /// <summary>For a client that asks for commits of groups: as the administration client, with a group that it never joins.</summary>
    public ConsumerConfig ForCommits(string groupId) => new(ForAdmin()) { GroupId = groupId, EnableAutoCommit = false, StatisticsIntervalMs = 0 };

    /// <summary>For a client that sends.</summary>
    /// <param name="batchBytes">Largest batch: a topic may take less than the usual.</param>
    public ProducerConfig ForProducer(int batchBytes)
    {
        var config = new ProducerConfig(Common(options.ClientId))
        {
            EnableIdempotence = true,
            Acks = Acks.All,
            Partitioner = options.KeyHash == KeyHash.Murmur2 ? Partitioner.Murmur2Random : Partitioner.ConsistentRandom,
            MessageTimeoutMs = Milliseconds(options.SendTimeout),
            MessageMaxBytes = options.MaxRecordBytes + MessageSlack,
            LingerMs = options.Linger.TotalMilliseconds,
            BatchSize = batchBytes,
            CompressionType = options.Compression switch
            {
                KafkaCompression.Gzip => CompressionType.Gzip,
                KafkaCompression.Snappy => CompressionType.Snappy,
                KafkaCompression.Lz4 => CompressionType.Lz4,
                KafkaCompression.Zstd => CompressionType.Zstd,
                _ => CompressionType.None,
            },
            // Each producer bounds its own bytes, so that a full one does not refuse the sends of the others that share this client.
            QueueBufferingMaxMessages = 0,
            QueueBufferingMaxKbytes = int.MaxValue,
            // What brings a report back to its send; nothing is copied for it.
            DeliveryReportFields = "key",
        };
        Finish(nameof(KafkaProviderOptions.ConfigureProducer), options.ConfigureProducer, config);
        return config;
    }

    /// <summary>For a client that reads.</summary>
    /// <param name="consumer">How to read.</param>
    /// <param name="groupId">The group's id at the brokers; one that nobody else uses when reading alone.</param>
    public ConsumerConfig ForConsumer(StreamConsumerOptions consumer, string groupId)
    {
        var alone = consumer.Group is null;
        var inside = options.MaxPrefetchBytes / 2;
        var fetch = Math.Clamp(inside, StandardBatchBytes, MaxFetchBytes);
        var config = new ConsumerConfig(Common(alone ? options.ClientId : consumer.MemberName))
        {
            GroupId = groupId,
            GroupInstanceId = !alone && options.StaticMembership ? consumer.MemberName : null,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Error,
            MaxPollIntervalMs = Math.Max(Milliseconds(options.MaxPollInterval), Milliseconds(consumer.SessionTimeout)),
            QueuedMaxMessagesKbytes = Math.Max(1, inside / 1024),
            FetchMaxBytes = fetch,
            FetchWaitMaxMs = Milliseconds(options.FetchWait),
            FetchQueueBackoffMs = FetchBackoffMs,
            ReceiveMessageMaxBytes = Math.Max(MinReceiveBytes, options.MaxRecordBytes + MaxFetchBytes + ReceiveSlack),
            ConsumeResultFields = "headers,timestamp",
        };
        if (!alone && options.GroupProtocol == KafkaGroupProtocol.Consumer)
        {
            config.GroupProtocol = GroupProtocol.Consumer;
        }
        else
        {
            config.GroupProtocol = GroupProtocol.Classic;
            config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
            config.SessionTimeoutMs = Milliseconds(consumer.SessionTimeout);
            config.HeartbeatIntervalMs = Milliseconds(consumer.HeartbeatInterval);
        }

        Finish(nameof(KafkaProviderOptions.ConfigureConsumer), options.ConfigureConsumer, config);
        return config;
    }

    private static int Milliseconds(TimeSpan time) => (int)Math.Clamp(time.TotalMilliseconds, 1, int.MaxValue);

    // Last, so that what somebody asks for by its native name is what librdkafka gets.
    private void Finish<TConfig>(string name, Action<TConfig>? hook, TConfig config)
        where TConfig : Config
    {
        foreach (var (key, value) in options.Settings)
        {
            config.Set(key, value);
        }

        if (hook is null)
        {
            return;
        }

        var before = config.ToList();
        hook(config);
        SettingsGuard.ThrowIfBroken(name, before, config);
    }

    private ClientConfig Common(string clientId)
    {
        var config = new ClientConfig
        {
            BootstrapServers = BrokerList.Normalize(options.BootstrapServers),
            ClientId = clientId,
            BrokerAddressFamily = Family(),
            AllowAutoCreateTopics = false,
            SocketKeepaliveEnable = true,
            SocketNagleDisable = true,
            ReconnectBackoffMs = ReconnectMs,
            ReconnectBackoffMaxMs = ReconnectMaxMs,
            LogConnectionClose = false,
            StatisticsIntervalMs = options.StatisticsInterval == TimeSpan.Zero ? 0 : Milliseconds(options.StatisticsInterval),
        };
        Secure(config, options.Security);
        return config;
    }

    private BrokerAddressFamily Family() => options.AddressFamily switch
    {
        KafkaAddressFamily.V4 => BrokerAddressFamily.V4,
        KafkaAddressFamily.V6 => BrokerAddressFamily.V6,
        KafkaAddressFamily.Auto when BrokerList.NamesThisMachineByV4(options.BootstrapServers) => BrokerAddressFamily.V4,
        _ => BrokerAddressFamily.Any,
    };

    private static void Secure(ClientConfig config, KafkaSecurityOptions security)
    {
        config.SecurityProtocol = security.Protocol switch
        {
            KafkaSecurityProtocol.Ssl => SecurityProtocol.Ssl,
            KafkaSecurityProtocol.SaslPlaintext => SecurityProtocol.SaslPlaintext,
            KafkaSecurityProtocol.SaslSsl => SecurityProtocol.SaslSsl,
            _ => SecurityProtocol.Plaintext,
        };
        if (security.UsesSsl)
        {
            config.SslCaLocation = TextOf(security.CaLocation);
            config.SslCertificateLocation = TextOf(security.CertificateLocation);
            config.SslKeyLocation = TextOf(security.KeyLocation);
            config.SslKeyPassword = TextOf(security.KeyPassword);
            config.SslEndpointIdentificationAlgorithm =
                security.VerifyHostName ? SslEndpointIdentificationAlgorithm.Https : SslEndpointIdentificationAlgorithm.None;
        }

        if (security.UsesSasl)
        {
            config.SaslMechanism = security.Mechanism switch
            {
                KafkaSaslMechanism.Plain => SaslMechanism.Plain,
                KafkaSaslMechanism.ScramSha256 => SaslMechanism.ScramSha256,
                KafkaSaslMechanism.ScramSha512 => SaslMechanism.ScramSha512,
                KafkaSaslMechanism.OAuthBearer => SaslMechanism.OAuthBearer,
                _ => SaslMechanism.Gssapi,
            };
            config.SaslUsername = TextOf(security.Username);
            config.SaslPassword = TextOf(security.Password);
        }
    }

    private static string? TextOf(string? text) => KafkaSecurityOptions.IsGiven(text) ? text : null;
}
