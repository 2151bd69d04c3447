using System.CommandLine;
using System.Text;
using System.Text.Json;
using DashStream.Protocol;

namespace DashStream.Cli.Secrets;

/// <summary>
/// What of a store's content may be printed: without what the default rules of redaction find, unless the user asked for all. Names, ids, times and sizes are
/// printed as they are. Bytes that cannot be looked into are not printed.
/// </summary>
internal sealed class ReportRedaction
{
    // A report may take its time over a large message; a sender may not.
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(30);

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly MessageRedactor Redactor = new(new RedactionOptions { TimeLimit = TimeLimit });

    private ReportRedaction(bool isOff) => IsOff = isOff;

    public static ReportRedaction On { get; } = new(isOff: false);

    public static ReportRedaction Off { get; } = new(isOff: true);

    /// <summary>Whether everything is printed as it is stored.</summary>
    public bool IsOff { get; }

    public static Option<bool> ShowSecrets() => new("--show-secrets")
    {
        Description = "Print texts as they are stored. Default: what looks like a secret or personal data is replaced, such as [OPENAI_KEY]",
    };

    public static ReportRedaction Of(bool showSecrets) => showSecrets ? Off : On;

    /// <summary>The message as it may be printed: itself when nothing in it is replaced.</summary>
    /// <exception cref="StreamException">It could not be looked through in time.</exception>
    public DashStreamMessage Message(DashStreamMessage message) => IsOff ? message : Redactor.Redact(message);

    public string Text(string text) => IsOff ? text : Redactor.RedactText(text);

    public ReadOnlyMemory<byte> Json(ReadOnlyMemory<byte> json) => IsOff ? json : Redactor.RedactJson(json);

    /// <summary>The bytes of a header or another named value, as text; null when they are no text.</summary>
    public string? Named(string name, ReadOnlyMemory<byte> bytes)
    {
        if (TextOf(bytes) is not { } text || IsOff)
        {
            return TextOf(bytes);
        }

        // As a member of an object the value is judged by its name too.
        var member = Redactor.RedactJson(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { [name] = text }));
        using var tree = JsonDocument.Parse(member);
        return tree.RootElement.EnumerateObject().First().Value.GetString();
    }

    /// <summary>Bytes that are no message: as they are when nothing in them would be replaced, null when something would or when they are no text.</summary>
    public ReadOnlyMemory<byte>? Opaque(ReadOnlyMemory<byte> bytes)
    {
        if (IsOff || bytes.IsEmpty || (TextOf(bytes) is { } text && Redactor.RedactText(text) == text))
        {
            return bytes;
        }

        return null;
    }

    public static string? TextOf(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
