namespace DashStream;

/// <summary>A JSON path of a rule, in steps. Immutable.</summary>
internal sealed class RedactionPath
{
    private const string Any = "*";

    private readonly List<Step> _steps;

    private RedactionPath(List<Step> steps) => _steps = steps;

    /// <summary>Null when the text is no path that is understood.</summary>
    public static RedactionPath? TryParse(string text)
    {
        if (text.Length < 2 || text[0] != '$')
        {
            return null;
        }

        var steps = new List<Step>();
        var at = 1;
        while (at < text.Length)
        {
            var step = text[at] == '[' ? ReadBracket(text, ref at) : ReadName(text, ref at);
            if (step is null)
            {
                return null;
            }

            steps.Add(step.Value);
        }

        return new RedactionPath(steps);
    }

    /// <summary>Whether the place, outermost name first and indexes as digits, is what the path names.</summary>
    public bool Matches(List<string> place) => Matches(0, place, 0);

    private bool Matches(int step, List<string> place, int at)
    {
        if (step == _steps.Count)
        {
            return at == place.Count;
        }

        var (name, isDeep) = _steps[step];
        var last = isDeep ? place.Count - 1 : Math.Min(at, place.Count - 1);
        for (var i = at; i <= last; i++)
        {
            if ((name is Any || name == place[i]) && Matches(step + 1, place, i + 1))
            {
                return true;
            }
        }

        return false;
    }

    private static Step? ReadName(string text, ref int at)
    {
        var isDeep = text.AsSpan(at).StartsWith("..", StringComparison.Ordinal);
        if (text[at] != '.')
        {
            return null;
        }

        var start = at + (isDeep ? 2 : 1);
        var end = start;
        while (end < text.Length && text[end] is not ('.' or '['))
        {
            end++;
        }

        at = end;
        return end == start ? null : new Step(text[start..end], isDeep);
    }

    private static Step? ReadBracket(string text, ref int at)
    {
        var quoted = at + 1 < text.Length && text[at + 1] == '\'';
        var end = text.IndexOf(quoted ? "']" : "]", at + (quoted ? 2 : 1), StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        var name = text[(at + (quoted ? 2 : 1))..end];
        at = end + (quoted ? 2 : 1);
        return quoted || name is Any || (name.Length > 0 && name.All(char.IsAsciiDigit)) ? new Step(name, IsDeep: false) : null;
    }

    private readonly record struct Step(string Name, bool IsDeep);
}
