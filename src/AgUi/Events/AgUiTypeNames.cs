using System.Collections.Frozen;
using System.Text;

namespace DashStream.AgUi;

/// <summary>The names of event kinds on the wire.</summary>
internal static class AgUiTypeNames
{
    private static readonly FrozenDictionary<AgUiEventType, string> Names = Enum.GetValues<AgUiEventType>()
        .Where(type => type != AgUiEventType.Unknown)
        .ToFrozenDictionary(type => type, type => Spell(type.ToString()));

    private static readonly FrozenDictionary<string, AgUiEventType> Types =
        Names.ToFrozenDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    public static string Of(AgUiEventType type) => Names.TryGetValue(type, out var name)
        ? name
        : throw new ArgumentOutOfRangeException(nameof(type), type, "An event of an unknown kind is made from JSON.");

    public static AgUiEventType TypeOf(string name) => Types.GetValueOrDefault(name);

    private static string Spell(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToUpperInvariant(letter));
        }

        return text.ToString();
    }
}
