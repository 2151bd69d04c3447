namespace DashStream.Providers;

/// <summary>Takes passwords out of texts before anybody sees them. Safe for concurrent use.</summary>
internal sealed class SecretScrubber
{
    private const string Mask = "***";

    private static readonly string[] SecretKeys = ["password", "secret", "passphrase", "key.pem", "token", "sasl.oauthbearer.config"];

    private readonly Lock _gate = new();
    private volatile string[] _secrets = [];

    public SecretScrubber(KafkaProviderOptions options)
    {
        Add(options.Security.Secrets);
        Learn(options.Settings);
    }

    /// <summary>Takes the secrets of a native configuration, which a hook may have put there.</summary>
    public void Learn(IEnumerable<KeyValuePair<string, string>> config) =>
        Add(config.Where(static setting => Array.Exists(SecretKeys, key => setting.Key.Contains(key, StringComparison.OrdinalIgnoreCase))).Select(static setting => setting.Value));

    /// <summary>The text with every secret masked.</summary>
    public string Scrub(string text)
    {
        foreach (var secret in _secrets)
        {
            text = text.Replace(secret, Mask, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>The error, or null when its text holds a secret: an inner exception is printed as it is.</summary>
    public Exception? Keep(Exception error) => Array.Exists(_secrets, secret => error.ToString().Contains(secret, StringComparison.Ordinal)) ? null : error;

    // The longest first: a secret may be part of another one.
    private void Add(IEnumerable<string> secrets)
    {
        lock (_gate)
        {
            _secrets = [.. _secrets.Concat(secrets).Where(static secret => secret is { Length: > 0 }).Distinct().OrderByDescending(static secret => secret.Length)];
        }
    }
}
