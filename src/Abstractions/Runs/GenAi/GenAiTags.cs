using System.Collections;
using System.Diagnostics;
using System.Globalization;

namespace DashStream.Runs;

/// <summary>Reads what a span says about itself.</summary>
internal static class GenAiTags
{
    public static string? Text(Activity span, string name) => TextOf(span.GetTagItem(name));

    /// <summary>A tag of the span or, where the source puts contents into events, of one of its events.</summary>
    public static string? Content(Activity span, string name)
    {
        if (Text(span, name) is { } own)
        {
            return own;
        }

        foreach (var happening in span.Events)
        {
            foreach (var (key, value) in happening.Tags)
            {
                if (key == name)
                {
                    return TextOf(value);
                }
            }
        }

        return null;
    }

    public static TokenUsage? Usage(Activity span)
    {
        var prompt = Number(span, GenAiNames.InputTokens) ?? Number(span, GenAiNames.OldInputTokens);
        var completion = Number(span, GenAiNames.OutputTokens) ?? Number(span, GenAiNames.OldOutputTokens);
        return prompt is null && completion is null ? null : new TokenUsage(prompt ?? 0, completion ?? 0);
    }

    /// <summary>The reason of the first choice. Sources write lists, texts, and lists as text.</summary>
    public static string? FinishReason(Activity span) => span.GetTagItem(GenAiNames.FinishReasons) switch
    {
        string text => text.Trim('[', ']', ' ').Split(',')[0].Trim('"', ' '),
        IEnumerable list => list.Cast<object?>().FirstOrDefault()?.ToString(),
        _ => null,
    };

    public static bool Failed(Activity span) => span.Status == ActivityStatusCode.Error || span.GetTagItem(GenAiNames.ErrorType) is not null;

    /// <summary>What went wrong, in the best words that the span has.</summary>
    public static string ErrorOf(Activity span) =>
        RunError.Bounded(NotBlank(span.StatusDescription) ?? NotBlank(Content(span, "exception.message")) ?? Text(span, GenAiNames.ErrorType) ?? "failed");

    private static string? NotBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static string? TextOf(object? value) => value switch
    {
        null => null,
        string text => text,
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    private static long? Number(Activity span, string name) =>
        long.TryParse(Text(span, name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && number >= 0 ? number : null;
}
