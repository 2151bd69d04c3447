using System.Text.Encodings.Web;
using System.Text.Json;

namespace DashStream.Analysis;

/// <summary>How this assembly writes JSON: readable text, only what JSON itself demands is escaped.</summary>
internal static class JsonText
{
    public static JavaScriptEncoder Encoder { get; } = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public static JsonWriterOptions Compact { get; } = new() { Encoder = Encoder };

    public static JsonWriterOptions Indented { get; } = new() { Encoder = Encoder, Indented = true };
}
