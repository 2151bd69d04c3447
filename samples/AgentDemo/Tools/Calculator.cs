using System.Buffers;
using System.Globalization;
using System.Text.Json.Nodes;

namespace AgentDemo.Tools;

/// <summary>Works out <c>{"expression": "3 * 64 + 10"}</c>: numbers, + - * /, brackets.</summary>
internal sealed class Calculator : ITool
{
    private const int MaxDepth = 50;

    private static readonly SearchValues<char> OfNumbers = SearchValues.Create("0123456789.");

    public string Name => "calculator";

    public JsonNode Call(JsonObject arguments) => new JsonObject { ["value"] = Evaluate((string)arguments["expression"]!) };

    public static double Evaluate(string expression)
    {
        var rest = expression.AsSpan();
        var value = Sum(ref rest, depth: 0);
        return rest.TrimStart().IsEmpty ? value : throw Bad(expression, $"'{rest}' is left over");
    }

    private static double Sum(ref ReadOnlySpan<char> rest, int depth)
    {
        var value = Product(ref rest, depth);
        while (Take(ref rest, "+-") is { } sign)
        {
            var right = Product(ref rest, depth);
            value = sign == '+' ? value + right : value - right;
        }

        return value;
    }

    private static double Product(ref ReadOnlySpan<char> rest, int depth)
    {
        var value = Factor(ref rest, depth);
        while (Take(ref rest, "*/") is { } sign)
        {
            var right = Factor(ref rest, depth);
            value = sign == '*' ? value * right : value / right;
        }

        return value;
    }

    private static double Factor(ref ReadOnlySpan<char> rest, int depth)
    {
        if (depth > MaxDepth)
        {
            throw Bad(rest.ToString(), "brackets nest too deep");
        }

        if (Take(ref rest, "(") is not null)
        {
            var inner = Sum(ref rest, depth + 1);
            return Take(ref rest, ")") is not null ? inner : throw Bad(rest.ToString(), "a bracket is not closed");
        }

        rest = rest.TrimStart();
        var length = rest.IndexOfAnyExcept(OfNumbers) is var end && end < 0 ? rest.Length : end;
        var number = rest[..length];
        rest = rest[length..];
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Bad(number.ToString(), "a number is missing");
    }

    private static char? Take(ref ReadOnlySpan<char> rest, string signs)
    {
        var trimmed = rest.TrimStart();
        if (trimmed.IsEmpty || !signs.Contains(trimmed[0], StringComparison.Ordinal))
        {
            return null;
        }

        rest = trimmed[1..];
        return trimmed[0];
    }

    private static ToolException Bad(string where, string why) => new($"cannot work out '{where}': {why}", isPassing: false);
}
