using System.Text;

namespace DashStream;

/// <summary>Errors as text for dead letters: without what the scrubber takes out, and bounded.</summary>
internal sealed class DeadLetterErrors(Func<string, string>? scrub, int maxLength)
{
    private const int MaxReason = 512;
    private const int MaxStack = 4096;
    private const int MaxCauses = 5;

    // The scrubber sees more than is kept, so that no secret is cut in two before it is found; yet no boundless text.
    private const int MaxScrubbed = 256 * 1024;

    /// <summary>The message of the error and of what caused it.</summary>
    public string TextOf(Exception error)
    {
        var text = new StringBuilder(MessageOf(error));
        var cause = error.InnerException;
        for (var i = 0; i < MaxCauses && cause is not null; i++, cause = cause.InnerException)
        {
            text.Append(" <- ").Append(cause.GetType().Name).Append(": ").Append(MessageOf(cause));
        }

        return Bound(Clean(text.ToString()), maxLength);
    }

    public static string ReasonOf(Exception error, string text) =>
        Bound($"{(error is StreamException e ? e.Kind.ToString() : error.GetType().Name)}: {text}", MaxReason);

    public string? StackOf(Exception error) =>
        error.StackTrace is { Length: > 0 } stack ? Bound(Clean($"{error.GetType().FullName}\n{stack}"), MaxStack) : null;

    /// <summary>The error type of the original where it has one.</summary>
    public static string TypeOf(DeadLetter letter) => letter switch
    {
        { Stage: DeadLetterStage.Send, ProviderName: { } provider } => $"{provider}_send_error",
        { Stage: DeadLetterStage.Send } => "send_error",
        { Stage: DeadLetterStage.Handler } => "processing_error",
        { Error: CodecException e } => e.Failure switch
        {
            CodecFailure.Protobuf => "decode_error",
            CodecFailure.Decompression or CodecFailure.DecompressedTooLarge or CodecFailure.Truncated or CodecFailure.Checksum
                or CodecFailure.LibraryMissing => "decompression_error",
            CodecFailure.SchemaVersion or CodecFailure.MissingHeader => "schema_error",
            CodecFailure.Empty => "io_error",
            _ => "invalid_format",
        },
        _ => "decode_error",
    };

    /// <summary>The stage of a letter that has no header for it: one of the original's.</summary>
    public static DeadLetterStage StageOf(string errorType) => errorType switch
    {
        "processing_error" => DeadLetterStage.Handler,
        _ when errorType.EndsWith("send_error", StringComparison.Ordinal) => DeadLetterStage.Send,
        _ => DeadLetterStage.Decode,
    };

    private static string MessageOf(Exception error)
    {
        try
        {
            return error.Message;
        }
        catch (Exception e)
        {
            // Somebody else's exception class: its own fault must not keep the letter from being written.
            return $"(a {error.GetType().Name} whose message cannot be read: {e.GetType().Name})";
        }
    }

    private string Clean(string text)
    {
        if (scrub is null)
        {
            return text;
        }

        try
        {
            return scrub(text.Length > MaxScrubbed ? text[..MaxScrubbed] : text);
        }
        catch (Exception e)
        {
            // Better no text than a secret.
            return $"(text withheld: taking secrets out of it failed with {e.GetType().Name})";
        }
    }

    private static string Bound(string text, int most)
    {
        if (text.Length <= most)
        {
            return text;
        }

        const int RoomForNote = 40;
        var kept = most - RoomForNote;
        kept -= char.IsHighSurrogate(text[kept - 1]) ? 1 : 0;
        return $"{text.AsSpan(0, kept)}... ({text.Length - kept} more characters)";
    }
}
