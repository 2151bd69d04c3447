namespace DashStream;

/// <summary>The rules of a redactor, ready for use. Immutable.</summary>
internal sealed class RedactionRules
{
    private const string DefaultReplacement = "[REDACTED]";

    private static readonly string[] SecretFields =
    [
        "password", "passwd", "pwd", "secret", "client_secret", "api_key", "apikey", "access_token", "refresh_token", "auth_token", "private_key", "authorization",
    ];

    private readonly List<TextRule> _texts = [];
    private readonly Dictionary<string, string> _fields = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _secretFields;
    private readonly List<(RedactionPath Path, string Replacement)> _paths = [];

    public RedactionRules(RedactionOptions options)
    {
        foreach (var rule in options.Rules)
        {
            if (rule.Pattern is not null)
            {
                var (regex, replacement) = (TextRule.Compile(rule.Pattern, options.TimeLimit), rule.Replacement);
                _texts.Add(TextRule.Of([], text => regex.Replace(text, replacement)));
            }
            else if (rule.Field is not null)
            {
                _fields[rule.Field] = rule.Replacement;
            }
            else
            {
                _paths.Add((RedactionPath.TryParse(rule.Path!)!, rule.Replacement));
            }
        }

        _secretFields = new(options.DefaultRules ? SecretFields : [], StringComparer.OrdinalIgnoreCase);
        if (options.DefaultRules)
        {
            _texts.AddRange(DefaultTextRules.All);
        }
    }

    public string Apply(string text)
    {
        foreach (var rule in _texts)
        {
            text = rule.Apply(text);
        }

        return text;
    }

    /// <summary>What stands in for the whole value at a place; null when it is not to be replaced as a whole.</summary>
    public string? ReplacementAt(List<string> place, bool isText)
    {
        if (place.Count == 0)
        {
            return null;
        }

        if (_fields.TryGetValue(place[^1], out var replacement))
        {
            return replacement;
        }

        foreach (var (path, instead) in _paths)
        {
            if (path.Matches(place))
            {
                return instead;
            }
        }

        return isText && _secretFields.Contains(place[^1]) ? DefaultReplacement : null;
    }
}
