namespace DashStream.Providers;

/// <summary>A bearer token for <see cref="KafkaSaslMechanism.OAuthBearer"/>.</summary>
/// <param name="Value">The token as the brokers expect it, such as a signed JWT.</param>
/// <param name="ExpiresAt">When it expires; a new one is asked for at about four fifths of its life.</param>
/// <param name="Principal">Whom it speaks for.</param>
public sealed record KafkaToken(string Value, DateTimeOffset ExpiresAt, string Principal)
{
    /// <summary>Principal and expiry, never the token.</summary>
    public override string ToString() => $"token of {Principal}, expires {ExpiresAt:O}";
}
