using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DashStream.Providers;

/// <summary>What the names of keys are made of.</summary>
internal static class KeyText
{
    private const int LongestPrefix = 64;
    private const int LongestPlain = 200;

    /// <summary>What is wrong with a prefix, or null.</summary>
    public static string? PrefixFault(string name, string? prefix) =>
        prefix is { Length: >= 1 and <= LongestPrefix } && prefix.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? null
            : $"{name} is '{prefix}'; it takes 1 to {LongestPrefix} letters, digits, '.', '_' or '-'";

    /// <summary>
    /// Letters, digits, <c>-</c>, <c>_</c> and <c>.</c> stay, every other byte becomes <c>%</c> and two digits: different ids never share a name, and none can reach out
    /// of its braces. The empty id is <c>%</c>, and a very long one its hash.
    /// </summary>
    public static string Escape(string id)
    {
        if (id.Length == 0)
        {
            // Empty braces would not keep the keys together.
            return "%";
        }

        var text = new StringBuilder(id.Length);
        foreach (var one in Encoding.UTF8.GetBytes(id))
        {
            if (char.IsAsciiLetterOrDigit((char)one) || (char)one is '-' or '_' or '.')
            {
                text.Append((char)one);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"%{one:x2}");
            }
        }

        return text.Length <= LongestPlain ? text.ToString() : $"%{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)))}";
    }
}
