namespace DashStream.Providers;

/// <summary>Takes passwords out of texts before anybody sees them.</summary>
internal sealed class SecretScrubber
{
    private const string Mask = "***";

    private static readonly string[] SecretKeys = ["password", "secret", "passphrase", "key.pem", "token", "sasl.oauthbearer.config"];

    private readonly string[] _secrets;

    public SecretScrubber(KafkaProviderOptions options)
    {
        var settings = options.Settings
            .Where(static setting => Array.Exists(SecretKeys, key => setting.Key.Contains(key, StringComparison.OrdinalIgnoreCase)))
            .Select(static setting => setting.Value);

        // The longest first: a secret may be part of another one.
        _secrets = [.. options.Security.Secrets.Concat(settings).Where(static secret => secret.Length > 0).Distinct().OrderByDescending(static secret => secret.Length)];
    }

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
}
