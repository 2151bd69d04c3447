using System.Text.RegularExpressions;

namespace DashStream.Cli.Secrets;

/// <summary>
/// The secrets that a call of the tool was given: in URIs, behind options that it does not know, and in the environment. They are taken out of whatever is said on
/// standard error, wherever the words come from: our own checks, the parser of the command line, a client library.
/// </summary>
internal sealed partial class KnownSecrets
{
    private const string Instead = "***";
    private const int CertainlyUnlikeWords = 4;

    // Those that the URIs' providers read.
    private static readonly string[] Variables = ["REDIS_PASSWORD", "KAFKA_SASL_PASSWORD", "KAFKA_SSL_KEY_PASSWORD"];

    private readonly SortedSet<string> _secrets = new(Comparer<string>.Create((a, b) => a.Length != b.Length ? b.Length - a.Length : string.CompareOrdinal(a, b)));

    public KnownSecrets(IReadOnlyList<string> args, Func<string, string?> variable)
    {
        foreach (var name in Variables)
        {
            Add(variable(name));
        }

        foreach (var arg in args)
        {
            AddFrom(arg);
        }
    }

    /// <summary>Never to be said from now on.</summary>
    public void Add(string? secret)
    {
        if (!string.IsNullOrWhiteSpace(secret))
        {
            _secrets.Add(secret);
            _secrets.Add(Uri.UnescapeDataString(secret));
        }
    }

    /// <summary>The text without secrets.</summary>
    public string Clean(string text)
    {
        foreach (var secret in _secrets)
        {
            text = secret.Length >= CertainlyUnlikeWords
                ? text.Replace(secret, Instead, StringComparison.Ordinal)
                : Regex.Replace(text, $@"(?<![\p{{L}}\p{{N}}]){Regex.Escape(secret)}(?![\p{{L}}\p{{N}}])", Instead, RegexOptions.CultureInvariant);
        }

        return LoginInUri().Replace(text, $"${{slashes}}{Instead}@");
    }

    private void AddFrom(string arg)
    {
        foreach (Match pair in Setting().Matches(arg))
        {
            Add(pair.Groups["value"].Value);
        }

        if (SchemeOf().Match(arg) is not { Success: true } scheme || arg.LastIndexOf('@') is var at && at < scheme.Length)
        {
            return;
        }

        var login = arg[scheme.Length..at];
        var colon = login.IndexOf(':', StringComparison.Ordinal);
        Add(colon < 0 ? login : login[(colon + 1)..]);
    }

    // "name=value" of a query, a connection string or an option whose name promises a secret.
    [GeneratedRegex(@"(?i:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|auth)\s*=\s*(?<value>[^\s;&,]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Setting();

    [GeneratedRegex(@"^(?:--?[\w-]+=)?[A-Za-z][\w+.-]*:(?://)?", RegexOptions.CultureInvariant)]
    private static partial Regex SchemeOf();

    // Of URIs that were not given by the user, such as one in a library's error.
    [GeneratedRegex(@"(?<slashes>://)[^\s/@'""\[]*:[^\s@'""]*@", RegexOptions.CultureInvariant)]
    private static partial Regex LoginInUri();
}
