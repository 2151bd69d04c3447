using System.Text;

namespace DashStream;

/// <summary>Finds e-mail addresses and card numbers in one pass over a text.</summary>
internal static class PersonalData
{
    private const int LeastCardDigits = 13;
    private const int MostCardDigits = 19;

    public static string WithoutEmails(string text)
    {
        StringBuilder? output = null;
        var copied = 0;
        for (var at = text.IndexOf('@', StringComparison.Ordinal); at >= 0; at = text.IndexOf('@', at + 1))
        {
            var start = at;
            while (start > copied && IsLocal(text[start - 1]))
            {
                start--;
            }

            var end = DomainEnd(text, at + 1);
            if (start < at && end > 0)
            {
                (output ??= new StringBuilder()).Append(text, copied, start - copied).Append("[EMAIL]");
                copied = end;
                at = end - 1;
            }
        }

        return output is null ? text : output.Append(text, copied, text.Length - copied).ToString();
    }

    public static string WithoutCards(string text)
    {
        StringBuilder? output = null;
        var copied = 0;
        for (var at = 0; at <= text.Length - LeastCardDigits; at++)
        {
            if (!char.IsAsciiDigit(text[at]) || (at > 0 && (char.IsLetterOrDigit(text[at - 1]) || text[at - 1] is '_' or '.')))
            {
                continue;
            }

            var end = CardEnd(text, at);
            if (end > 0)
            {
                (output ??= new StringBuilder()).Append(text, copied, at - copied).Append("[CARD_NUMBER]");
                copied = end;
                at = end - 1;
            }
        }

        return output is null ? text : output.Append(text, copied, text.Length - copied).ToString();
    }

    private static bool IsLocal(char c) => char.IsLetterOrDigit(c) || c is '.' or '_' or '%' or '+' or '-';

    // After the last label of a domain with at least two, the last one of two letters or more; 0 when there is none.
    private static int DomainEnd(string text, int start)
    {
        var end = start;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '.' or '-'))
        {
            end++;
        }

        while (end > start && text[end - 1] is '.' or '-')
        {
            end--;
        }

        var dot = text.AsSpan(start, end - start).LastIndexOf('.');
        return dot > 0 && end - (start + dot + 1) >= 2 && char.IsLetter(text[end - 1]) ? end : 0;
    }

    // The end of the longest card number that begins here; digits may stand in groups. 0 when there is none.
    private static int CardEnd(string text, int start)
    {
        Span<byte> digits = stackalloc byte[MostCardDigits];
        var (count, found) = (0, 0);
        for (var at = start; at < text.Length && count < MostCardDigits; at++)
        {
            if (!char.IsAsciiDigit(text[at]))
            {
                if (text[at] is not (' ' or '-') || at + 1 == text.Length || !char.IsAsciiDigit(text[at + 1]))
                {
                    break;
                }

                continue;
            }

            digits[count++] = (byte)(text[at] - '0');
            var isGroupEnd = at + 1 == text.Length || !(char.IsLetterOrDigit(text[at + 1]) || text[at + 1] == '_');
            if (isGroupEnd && count >= LeastCardDigits && IsIssued(digits[..count]) && HasCheckDigit(digits[..count]))
            {
                found = at + 1;
            }
        }

        return found;
    }

    private static bool IsIssued(ReadOnlySpan<byte> digits) => (digits[0], digits.Length) switch
    {
        (4, 13 or 16 or 19) => true,
        (5, 16) or (2, 16) => true,
        (3, 14 or 15 or 16) => true,
        (6, >= 16) => true,
        _ => false,
    };

    // Luhn: every second digit from the right counts double, its own digits added.
    private static bool HasCheckDigit(ReadOnlySpan<byte> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[digits.Length - 1 - i] * (i % 2 == 0 ? 1 : 2);
            sum += digit > 9 ? digit - 9 : digit;
        }

        return sum % 10 == 0;
    }
}
