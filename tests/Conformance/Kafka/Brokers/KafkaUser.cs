namespace DashStream.Conformance.Kafka;

/// <summary>Somebody who logs in, by password or as the common name of a client certificate.</summary>
internal sealed record KafkaUser(string Name, string Password)
{
    /// <summary>Nobody special. The client certificates are hers.</summary>
    public static KafkaUser Alice { get; } = new(TestCertificates.ClientName, "alice-secret-3f9c");

    /// <summary>Somebody else, whom tests allow less.</summary>
    public static KafkaUser Bob { get; } = new("bob", "bob-secret-b04e");

    /// <summary>Whom no access rule binds.</summary>
    public static KafkaUser Admin { get; } = new("admin", "admin-secret-77d1");
}
