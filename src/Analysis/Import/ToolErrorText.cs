using System.Text.Json;

namespace DashStream.Analysis;

/// <summary>Tells from a tool's answer alone whether the call failed; chat logs have no other sign of it.</summary>
internal static class ToolErrorText
{
    private static readonly string[] Beginnings = ["error:", "error executing", "exception:", "traceback (most recent call last)"];

    /// <summary>A text that begins as errors do, or an object whose <c>error</c> member is a text or an object.</summary>
    public static bool IsError(string text)
    {
        var start = text.AsSpan().TrimStart();
        foreach (var beginning in Beginnings)
        {
            if (start.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return start.StartsWith("{") && start.Contains("\"error\"", StringComparison.Ordinal) && HasErrorMember(text);
    }

    private static bool HasErrorMember(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.TryGetProperty("error", out var error)
                && (error.ValueKind == JsonValueKind.Object || (error.ValueKind == JsonValueKind.String && error.GetRawText().Length > 2));
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
