using System.Text;

namespace DashStream.State;

/// <summary>Pointers of RFC 6901, taken apart strictly.</summary>
internal static class JsonPointer
{
    /// <summary>Stands for the place after an array's last element.</summary>
    public const string AfterLast = "-";

    private const int LongestIndex = 9;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The steps of a pointer, unescaped.</summary>
    public static string[] Parse(string pointer, int number, string path)
    {
        if (pointer.Length == 0)
        {
            return [];
        }

        if (pointer[0] != '/')
        {
            throw Refuse("a pointer that is not empty begins with a slash", number, path);
        }

        Encode(pointer, number, path);
        var steps = pointer[1..].Split('/');
        for (var i = 0; i < steps.Length; i++)
        {
            steps[i] = Unescape(steps[i], number, path);
        }

        return steps;
    }

    /// <summary>The text as UTF-8; half a surrogate pair is refused.</summary>
    public static byte[] Encode(string text, int number, string path)
    {
        try
        {
            return Strict.GetBytes(text);
        }
        catch (EncoderFallbackException)
        {
            throw Refuse("a pointer holds half a surrogate pair", number, path);
        }
    }

    /// <summary>The index a step names: digits without a leading zero.</summary>
    public static bool TryIndex(string step, out int index)
    {
        index = 0;
        if (step.Length is 0 or > LongestIndex || (step[0] == '0' && step.Length > 1))
        {
            return false;
        }

        foreach (var digit in step)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            index = (index * 10) + (digit - '0');
        }

        return true;
    }

    private static string Unescape(string step, int number, string path)
    {
        for (var at = step.IndexOf('~', StringComparison.Ordinal); at >= 0; at = step.IndexOf('~', at + 1))
        {
            if (at + 1 == step.Length || step[at + 1] is not ('0' or '1'))
            {
                throw Refuse("a tilde in a pointer is followed by 0 or 1", number, path);
            }
        }

        return step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
    }

    private static StatePatchException Refuse(string reason, int number, string path) =>
        new(StreamErrorKind.InvalidRequest, reason, number, path);
}
