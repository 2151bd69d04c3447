using System.Text.RegularExpressions;

namespace DashStream.Conformance;

/// <summary>Orders rules as people number them: B1-2 before B1-10, B3-67 before B3-67a.</summary>
internal sealed partial class RuleOrder : IComparer<(string Id, string Test)>
{
    private const int Width = 6;

    private RuleOrder()
    {
    }

    public static RuleOrder Instance { get; } = new();

    public int Compare((string Id, string Test) x, (string Id, string Test) y)
    {
        var byId = string.CompareOrdinal(Padded(x.Id), Padded(y.Id));
        return byId != 0 ? byId : string.CompareOrdinal(x.Test, y.Test);
    }

    private static string Padded(string id) => Numbers().Replace(id, number => number.Value.PadLeft(Width, '0'));

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
