using Confluent.Kafka;
using DashStream.Providers;
using Microsoft.Extensions.Logging;

namespace DashStream.Conformance.Kafka;

/// <summary>Opens our provider over the brokers of a test.</summary>
internal static class Providers
{
    /// <summary>A provider that may come in as that user, or with the client certificate where one is asked for.</summary>
    public static KafkaProvider ProviderFor(this KafkaCluster cluster, KafkaUser? user = null, Action<KafkaProviderOptions>? configure = null, ILogger? logger = null)
    {
        var config = cluster.ClientConfig(user);
        var options = new KafkaProviderOptions { BootstrapServers = cluster.BootstrapServers, CreateMissingTopics = false };
        options.Security.Protocol = config.SecurityProtocol switch
        {
            SecurityProtocol.Ssl => KafkaSecurityProtocol.Ssl,
            SecurityProtocol.SaslPlaintext => KafkaSecurityProtocol.SaslPlaintext,
            SecurityProtocol.SaslSsl => KafkaSecurityProtocol.SaslSsl,
            _ => KafkaSecurityProtocol.Plaintext,
        };
        options.Security.CaLocation = config.SslCaLocation;
        options.Security.CertificateLocation = config.SslCertificateLocation;
        options.Security.KeyLocation = config.SslKeyLocation;
        options.Security.Username = config.SaslUsername;
        options.Security.Password = config.SaslPassword;
        options.Security.Mechanism = config.SaslUsername is null ? null : KafkaSaslMechanism.ScramSha512;
        configure?.Invoke(options);
        return new KafkaProvider(options, logger: logger);
    }

    /// <summary>Starts every send before awaiting any.</summary>
    public static async Task<IReadOnlyList<StreamPosition>> SendAllAsync(this IStreamProducer producer, IEnumerable<StreamRecord> records) =>
        await Task.WhenAll([.. records.Select(record => producer.SendAsync(record).AsTask())]);

    /// <summary>Sends one record and reads it back alone.</summary>
    public static async Task AssertWorksAsync(this KafkaProvider provider, string topic)
    {
        await using var producer = await provider.OpenProducerAsync(topic);
        var position = await producer.SendAsync(new StreamRecord("key"u8.ToArray(), "value"u8.ToArray()));
        await using var reader = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Start = SeekTarget.At(position.Offset), Partitions = [position.Partition] });

        var batch = await reader.ReadAsync(Eventually.Patience);

        Assert.AreEqual(position, batch.Records[0].Position);
    }

    /// <summary>Fails unless the call is refused as that, soon, and without a secret in any text.</summary>
    public static async Task<StreamException> AssertRefusedAsync(StreamErrorKind kind, Func<Task> call, params string[] secrets)
    {
        var started = TimeProvider.System.GetTimestamp();

        var error = await Assert.ThrowsExactlyAsync<StreamException>(call);

        Assert.AreEqual(kind, error.Kind, error.ToString());
        Assert.IsLessThan(TimeSpan.FromSeconds(10), TimeProvider.System.GetElapsedTime(started), "A refusal comes at once.");
        Assert.IsFalse(secrets.Any(secret => error.ToString().Contains(secret, StringComparison.Ordinal)), "No secret in any text.");
        return error;
    }
}
