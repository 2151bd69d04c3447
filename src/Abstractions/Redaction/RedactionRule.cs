using System.Text.RegularExpressions;

namespace DashStream;

/// <summary>One thing to take out: exactly one of <see cref="Pattern"/>, <see cref="Field"/> and <see cref="Path"/> is set.</summary>
public sealed class RedactionRule
{
    /// <summary>A .NET regular expression; what it matches in any text or number is replaced. Expressions that allow it run in linear time.</summary>
    public string? Pattern { get; set; }

    /// <summary>The name of a field, attribute, tag or other entry at any depth, compared without regard to case; its whole value is replaced.</summary>
    public string? Field { get; set; }

    /// <summary>
    /// A place in JSON text or attributes; its whole value is replaced. Such as <c>$.user.email</c>, <c>$.items[*].card</c>, <c>$.items[0]</c>,
    /// <c>$['odd name']</c>, <c>$.*.token</c>, <c>$..password</c>. State diffs are looked at by the place they change.
    /// </summary>
    public string? Path { get; set; }

    /// <summary>What comes instead. Default <c>[REDACTED]</c>. With a pattern, groups may be named as in <see cref="Regex.Replace(string, string)"/>.</summary>
    public string Replacement { get; set; } = "[REDACTED]";

    internal string? Fault()
    {
        if ((Pattern is null ? 0 : 1) + (Field is null ? 0 : 1) + (Path is null ? 0 : 1) != 1)
        {
            return $"set one of {nameof(Pattern)}, {nameof(Field)} and {nameof(Path)}";
        }

        if (Replacement is null)
        {
            return $"{nameof(Replacement)} is null";
        }

        if (Path is not null && RedactionPath.TryParse(Path) is null)
        {
            return $"{nameof(Path)} '{Path}' cannot be read; it begins with $ and goes on with .name, ..name, .*, [*], [0] or ['name']";
        }

        return Pattern is null ? null : PatternFault(Pattern);
    }

    private static string? PatternFault(string pattern)
    {
        try
        {
            _ = new Regex(pattern);
            return null;
        }
        catch (ArgumentException e)
        {
            return $"{nameof(Pattern)} is no regular expression: {e.Message}";
        }
    }
}
