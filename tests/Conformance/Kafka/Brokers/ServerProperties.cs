using System.Globalization;
using Confluent.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>Writes a node's server.properties. Every node has three listeners: for clients, for the other nodes and the fixture, and for controllers.</summary>
internal sealed class ServerProperties(KafkaClusterOptions options, KafkaDistribution distribution, TestCertificates? certificates)
{
    private const string Prefix = "listener.name.client.";

    private static readonly Dictionary<string, string> Common = new()
    {
        ["process.roles"] = "broker,controller",
        ["controller.listener.names"] = "CONTROLLER",
        ["inter.broker.listener.name"] = "INTERNAL",
        ["auto.create.topics.enable"] = "false",
        ["num.partitions"] = "4",
        ["offsets.topic.num.partitions"] = "4",
        ["transaction.state.log.num.partitions"] = "4",
        ["share.coordinator.state.topic.num.partitions"] = "1",
        ["group.initial.rebalance.delay.ms"] = "0",
        ["group.min.session.timeout.ms"] = "1000",
        ["group.consumer.min.session.timeout.ms"] = "1000",
        // A member of the new protocol hears of a change with its next heartbeat: every wait of a case is a few of them.
        ["group.consumer.min.heartbeat.interval.ms"] = "100",
        ["group.consumer.heartbeat.interval.ms"] = "200",
        ["group.consumer.session.timeout.ms"] = "10000",
        ["group.coordinator.append.linger.ms"] = "0",
        // How long a killed node is still taken for alive, and its successor kept out. Shorter, and brokers on a busy machine take each other for dead.
        ["broker.session.timeout.ms"] = "5000",
        ["broker.heartbeat.interval.ms"] = "500",
        ["controller.quorum.fetch.timeout.ms"] = "5000",
        ["log.cleaner.dedupe.buffer.size"] = "2097152",
        ["log.retention.check.interval.ms"] = "1000",
        ["log.segment.delete.delay.ms"] = "1000",
    };

    public string For(KafkaNode node, IReadOnlyList<KafkaNode> nodes)
    {
        var settings = new Dictionary<string, string>(Common)
        {
            ["node.id"] = Text(node.Id),
            ["log.dirs"] = node.DataFolder,
            ["controller.quorum.voters"] = string.Join(',', nodes.Select(other => $"{other.Id}@127.0.0.1:{other.ControllerPort}")),
            ["listeners"] = $"CLIENT://127.0.0.1:{node.ListenPort},INTERNAL://127.0.0.1:{node.InternalPort},CONTROLLER://127.0.0.1:{node.ControllerPort}",
            ["advertised.listeners"] = $"CLIENT://127.0.0.1:{node.ClientPort},INTERNAL://127.0.0.1:{node.InternalPort}",
            ["listener.security.protocol.map"] = $"CLIENT:{ProtocolName},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        };
        AddReplication(settings);
        AddSecurity(settings);
        if (distribution.Version.StartsWith("3.", StringComparison.Ordinal))
        {
            settings["group.coordinator.rebalance.protocols"] = "classic,consumer";
        }

        foreach (var (name, value) in options.Settings)
        {
            settings[name] = value;
        }

        return string.Concat(settings.Select(setting => $"{setting.Key}={setting.Value}\n"));
    }

    private string ProtocolName => options.Security switch
    {
        SecurityProtocol.Ssl => "SSL",
        SecurityProtocol.SaslPlaintext => "SASL_PLAINTEXT",
        SecurityProtocol.SaslSsl => "SASL_SSL",
        _ => "PLAINTEXT",
    };

    private void AddReplication(Dictionary<string, string> settings)
    {
        var enough = Text(Math.Max(1, options.Nodes - 1));
        var all = Text(options.Nodes);
        settings["default.replication.factor"] = all;
        settings["min.insync.replicas"] = enough;
        settings["offsets.topic.replication.factor"] = all;
        settings["transaction.state.log.replication.factor"] = all;
        settings["transaction.state.log.min.isr"] = enough;
        settings["share.coordinator.state.topic.replication.factor"] = all;
        settings["share.coordinator.state.topic.min.isr"] = enough;
    }

    private void AddSecurity(Dictionary<string, string> settings)
    {
        if (certificates is not null)
        {
            settings[$"{Prefix}ssl.keystore.type"] = "PEM";
            settings[$"{Prefix}ssl.keystore.location"] = certificates.Server;
            settings[$"{Prefix}ssl.truststore.type"] = "PEM";
            settings[$"{Prefix}ssl.truststore.location"] = certificates.Authority;
            settings[$"{Prefix}ssl.client.auth"] = options.RequireClientCertificate ? "required" : "none";
            settings[$"{Prefix}ssl.principal.mapping.rules"] = "RULE:^CN=([^,]+).*$/$1/";
        }

        if (options.HasLogin)
        {
            var users = string.Concat(options.Users.Select(user => $" user_{user.Name}=\"{user.Password}\""));
            settings[$"{Prefix}sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER";
            settings[$"{Prefix}plain.sasl.jaas.config"] = $"org.apache.kafka.common.security.plain.PlainLoginModule required{users};";
            settings[$"{Prefix}scram-sha-256.sasl.jaas.config"] = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
            settings[$"{Prefix}scram-sha-512.sasl.jaas.config"] = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
            settings[$"{Prefix}oauthbearer.sasl.jaas.config"] =
                "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"broker\";";
        }

        if (options.AccessRules)
        {
            settings["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
            settings["allow.everyone.if.no.acl.found"] = "false";
            // The nodes and the fixture come over listeners without names.
            settings["super.users"] = $"User:ANONYMOUS;User:{KafkaUser.Admin.Name}";
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
