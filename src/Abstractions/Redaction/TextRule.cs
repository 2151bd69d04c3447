using System.Text.RegularExpressions;

namespace DashStream;

/// <summary>Replaces what it finds in a text. Thread-safe.</summary>
internal sealed class TextRule
{
    private readonly string[] _triggers;
    private readonly Func<string, string> _apply;

    private TextRule(string[] triggers, Func<string, string> apply)
    {
        _triggers = triggers;
        _apply = apply;
    }

    /// <summary>A rule that is looked at only where a text holds one of the triggers, whatever their case.</summary>
    public static TextRule Of(string[] triggers, Func<string, string> apply) => new(triggers, apply);

    /// <summary>The same text when nothing was found.</summary>
    /// <exception cref="RegexMatchTimeoutException">It took too long.</exception>
    public string Apply(string text)
    {
        if (_triggers.Length == 0)
        {
            return _apply(text);
        }

        foreach (var trigger in _triggers)
        {
            if (text.Contains(trigger, StringComparison.OrdinalIgnoreCase))
            {
                return _apply(text);
            }
        }

        return text;
    }

    /// <summary>An expression in linear time where it allows that, else one that may take so long.</summary>
    public static Regex Compile(string pattern, TimeSpan timeLimit)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, timeLimit);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, timeLimit);
        }
    }
}
