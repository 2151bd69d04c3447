using System.Globalization;

namespace DashStream.Providers;

/// <summary>Reads variables and collects what is wrong with them, so that all of it can be told at once. For one thread.</summary>
internal sealed class EnvironmentReader(Func<string, string?> variable)
{
    private readonly List<string> _faults = [];

    /// <summary>What was wrong so far; values of variables that hold secrets are never in it.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>The first of these that is set, be it to the empty string; null when none is.</summary>
    public string? Text(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (variable(name) is { } text)
            {
                return text;
            }
        }

        return null;
    }

    /// <summary>A whole number, or null when the variable is not set or not one.</summary>
    public int? Number(string name, int least, int most)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Refuse(name, text, $"whole numbers from {least} to {most}");
        return null;
    }

    /// <summary>One of a few values; the fallback when the variable is not set or none of them.</summary>
    public TValue OneOf<TValue>(string name, TValue fallback, bool ignoreCase, params ReadOnlySpan<(string Text, TValue Value)> allowed)
    {
        if (Text(name) is not { } text)
        {
            return fallback;
        }

        var texts = new List<string>(allowed.Length);
        foreach (var (known, value) in allowed)
        {
            if (string.Equals(known, text, ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal))
            {
                return value;
            }

            texts.Add(known.Length == 0 ? "the empty text" : known);
        }

        Refuse(name, text, string.Join(", ", texts));
        return fallback;
    }

    private void Refuse(string name, string text, string allowed) => _faults.Add($"{name} is '{text}'; allowed are {allowed}");
}
