using System.Globalization;

namespace DashStream.Tests.State;

/// <summary>Random JSON and random changes to it, the same for the same seed.</summary>
internal sealed class RandomStates(int seed)
{
    private static readonly string[] Keys = ["", "a", "b", "~", "/", "a/b", "~1", "é", "漢", "😀", "\\u0001", "\\\"", "k\\n", "0", "-", "messages"];

    private static readonly string[] Scalars =
    [
        "null", "true", "false", "0", "-0", "1", "1.0", "1.00", "-1", "18446744073709551615", "18446744073709551616", "-9223372036854775808",
        "1e2", "100", "0.1", "-0.0", "1e-7", "5e-324", "\"\"", "\"x\"", "\"\\u00e9\"", "\"é\"", "\"\\/\"", "\"\\u001F\"", "\"😀\\ud83d\\ude00\"",
    ];

    private readonly Random _random = new(seed);

    public object Make(int depth) => _random.Next(depth > 0 ? 4 : 2) switch
    {
        0 or 1 => Scalar(),
        2 => Enumerable.Range(0, _random.Next(6)).Select(_ => Make(depth - 1)).ToList(),
        _ => Members(depth),
    };

    /// <summary>A copy with a few things inserted, taken out, moved and replaced.</summary>
    public object Change(object value, int depth)
    {
        if (_random.Next(12) == 0)
        {
            return Make(depth);
        }

        return value switch
        {
            List<object> elements => ChangeElements(elements, depth),
            Dictionary<string, object> members => ChangeMembers(members, depth),
            _ => value,
        };
    }

    /// <summary>The text, with white space here and there and members in any order.</summary>
    public string Write(object value) => value switch
    {
        List<object> elements => "[" + Space() + string.Join("," + Space(), elements.Select(Write)) + "]",
        Dictionary<string, object> members => "{" + string.Join(
            "," + Space(),
            members.OrderBy(_ => _random.Next()).Select(member => $"\"{member.Key}\":{Space()}{Write(member.Value)}")) + "}",
        _ => (string)value,
    };

    private string Space() => _random.Next(5) == 0 ? " \n" : "";

    private string Scalar() => _random.Next(3) switch
    {
        0 => _random.Next(5).ToString(CultureInfo.InvariantCulture),
        1 => BitConverter.UInt64BitsToDouble((ulong)_random.NextInt64() & 0x7fdfffffffffffff).ToString("R", CultureInfo.InvariantCulture),
        _ => Scalars[_random.Next(Scalars.Length)],
    };

    private Dictionary<string, object> Members(int depth)
    {
        var members = new Dictionary<string, object>();
        for (var i = _random.Next(6); i > 0; i--)
        {
            members[Keys[_random.Next(Keys.Length)]] = Make(depth - 1);
        }

        return members;
    }

    private List<object> ChangeElements(List<object> elements, int depth)
    {
        List<object> changed = [.. elements.Select(element => _random.Next(3) == 0 ? Change(element, depth - 1) : element)];
        for (var i = _random.Next(3); i > 0; i--)
        {
            if (changed.Count > 0 && _random.Next(2) == 0)
            {
                changed.RemoveAt(_random.Next(changed.Count));
            }
            else
            {
                changed.Insert(_random.Next(changed.Count + 1), Make(depth - 1));
            }
        }

        return changed;
    }

    private Dictionary<string, object> ChangeMembers(Dictionary<string, object> members, int depth)
    {
        var changed = members.Where(_ => _random.Next(8) > 0).ToDictionary(member => member.Key, member => Change(member.Value, depth - 1));
        if (_random.Next(3) == 0)
        {
            changed[Keys[_random.Next(Keys.Length)]] = Make(depth - 1);
        }

        return changed;
    }
}
