using System.Text.RegularExpressions;
using AgentDemo.Library;

namespace AgentDemo.Agent;

/// <summary>
/// Stands in for a language model, so that the demo needs no network and no key and does the same every time. It follows rules: key words make the search,
/// "N of M" makes a sum, and the sentences that share most words with the question make the answer.
/// </summary>
internal static partial class RuleBasedModel
{
    public const string Name = "rule-based-stand-in";

    private const int SentencesInAnswer = 2;

    private static readonly HashSet<string> CommonWords = new(StringComparer.OrdinalIgnoreCase)
    {
        "a", "all", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "go", "goes", "happens", "has", "have", "how", "if",
        "in", "is", "it", "its", "last", "many", "much", "of", "on", "one", "or", "same", "so", "stop", "stops", "that", "the", "there", "they", "this",
        "to", "was", "what", "when", "which", "who", "why", "with", "always", "each", "holds",
    };

    /// <summary>What to do for a question.</summary>
    public static Plan MakePlan(string question)
    {
        var words = Words(question).Where(word => !CommonWords.Contains(word) && !char.IsDigit(word[0])).Distinct(StringComparer.OrdinalIgnoreCase);
        return new Plan([.. words], Sum(question));
    }

    /// <summary>The answer, as the pieces in which a model would send it.</summary>
    public static IReadOnlyList<string> Answer(string question, IReadOnlyList<Note> notes, double? calculated)
    {
        var asked = Words(question).Where(word => !CommonWords.Contains(word)).Select(Stem).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var sentences = notes
            .SelectMany((note, rank) => note.Text.Split(". ").Select(sentence => (Text: sentence.TrimEnd('.') + ".", Rank: rank)))
            .OrderByDescending(sentence => Words(sentence.Text).Select(Stem).Distinct(StringComparer.OrdinalIgnoreCase).Count(asked.Contains))
            .ThenBy(sentence => sentence.Rank)
            .Take(SentencesInAnswer)
            .Select(sentence => sentence.Text);
        var result = calculated is { } value ? [FormattableString.Invariant($"That makes {value:0.##}.")] : Enumerable.Empty<string>();
        return [.. string.Join(' ', result.Concat(sentences)).Split(' ').Select(word => word + " ")];
    }

    /// <summary>"3 segments of 64 MiB and one of 10 MiB" → <c>3 * 64 + 10</c>.</summary>
    private static string? Sum(string question)
    {
        var product = Product().Match(question);
        if (!product.Success)
        {
            return null;
        }

        var rest = One().Match(question, product.Index + product.Length);
        return $"{product.Groups[1].Value} * {product.Groups[2].Value}" + (rest.Success ? $" + {rest.Groups[1].Value}" : "");
    }

    private static IEnumerable<string> Words(string text) => Word().Matches(text).Select(match => match.Value);

    private static string Stem(string word) => word.Length > 4 ? word.TrimEnd('s') : word;

    [GeneratedRegex(@"[\p{L}\p{N}]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"(\d+) \w+ of (\d+)")]
    private static partial Regex Product();

    [GeneratedRegex(@"one of (\d+)")]
    private static partial Regex One();
}

/// <summary>What the agent will do.</summary>
/// <param name="Words">What to search for.</param>
/// <param name="Expression">What to work out, or null.</param>
internal sealed record Plan(IReadOnlyList<string> Words, string? Expression);
