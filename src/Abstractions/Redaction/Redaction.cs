using System.Text;
using System.Text.RegularExpressions;
using Google.Protobuf;

namespace DashStream;

/// <summary>One pass over one message, or one piece of one: knows the place it is at, the time it has left, and whether it changed anything.</summary>
internal sealed class Redaction(RedactionRules rules, RedactionOptions options, TimeProvider time)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly long _start = time.GetTimestamp();
    private readonly List<string> _place = [];

    /// <summary>How often something was replaced.</summary>
    public int Changes { get; private set; }

    public void Enter(string name) => _place.Add(name);

    public void Leave(int names = 1) => _place.RemoveRange(_place.Count - names, names);

    /// <summary>What stands in for the whole value here; null when it is not to be replaced as a whole.</summary>
    public string? ReplacementHere(bool isText)
    {
        var replacement = rules.ReplacementAt(_place, isText);
        Changes += replacement is null ? 0 : 1;
        return replacement;
    }

    /// <summary>The text without what the rules find; JSON in it is looked at by its fields.</summary>
    public string Text(string text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        if (LooksLikeJson(text) && TryStrict(text) is { } bytes && RedactedJson.TryOf(bytes, this, out var json))
        {
            return ReferenceEquals(json, bytes) ? text : Strict.GetString(json);
        }

        return Plain(text);
    }

    /// <summary>The same for one piece of text that is not JSON.</summary>
    public string Plain(string text)
    {
        ThrowIfOutOfTime();
        try
        {
            var redacted = rules.Apply(text);
            if (redacted == text)
            {
                return text;
            }

            Changes++;
            return redacted;
        }
        catch (RegexMatchTimeoutException)
        {
            // Not as the inner error: it carries the text.
            throw OutOfTime();
        }
    }

    /// <summary>Bytes that hold JSON or other text; what is neither is left alone, or refused by option.</summary>
    public ByteString Bytes(ByteString bytes)
    {
        if (bytes.IsEmpty)
        {
            return bytes;
        }

        var original = bytes.ToByteArray();
        if (RedactedJson.TryOf(original, this, out var json))
        {
            return ReferenceEquals(json, original) ? bytes : UnsafeByteOperations.UnsafeWrap(json);
        }

        string text;
        try
        {
            text = Strict.GetString(original);
        }
        catch (DecoderFallbackException)
        {
            ThrowIfOpaqueIsRefused("they are not UTF-8 text");
            return bytes;
        }

        var redacted = Plain(text);
        return ReferenceEquals(redacted, text) ? bytes : ByteString.CopyFromUtf8(redacted);
    }

    public void ThrowIfOpaqueIsRefused(string why)
    {
        if (options.RefuseOpaqueBytes)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"The message holds bytes that cannot be redacted: {why} ({nameof(RedactionOptions.RefuseOpaqueBytes)}). Nothing was sent.");
        }
    }

    private static bool LooksLikeJson(string text)
    {
        var trimmed = text.AsSpan().TrimStart();
        return trimmed.Length > 1 && trimmed[0] is '{' or '[';
    }

    private static byte[]? TryStrict(string text)
    {
        try
        {
            return Strict.GetBytes(text);
        }
        catch (EncoderFallbackException)
        {
            return null;
        }
    }

    private void ThrowIfOutOfTime()
    {
        if (time.GetElapsedTime(_start) > options.TimeLimit)
        {
            throw OutOfTime();
        }
    }

    private StreamException OutOfTime() => new(StreamErrorKind.InvalidRequest,
        $"The message could not be redacted within {options.TimeLimit} ({nameof(RedactionOptions.TimeLimit)}), so nothing was sent. Send less, simplify the patterns or raise the limit.");
}
