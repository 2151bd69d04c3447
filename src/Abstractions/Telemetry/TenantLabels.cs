using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace DashStream.Telemetry;

/// <summary>
/// What a tenant is called on a metric: its id when that is 1 to 64 letters, digits, dots, dashes and underscores, otherwise a hash of it; and one name for
/// all beyond the first thousand, so that labels stay few.
/// </summary>
internal static class TenantLabels
{
    public const string Overflow = "overflow";

    private const int MaxLabels = 1000;
    private const int LongestPlain = 64;
    private const int HashDigits = 12;

    private static readonly ConcurrentDictionary<string, string> Labels = new(StringComparer.Ordinal);
    private static int _count;

    public static string Of(string tenantId)
    {
        if (Labels.TryGetValue(tenantId, out var label))
        {
            return label;
        }

        if (Volatile.Read(ref _count) >= MaxLabels)
        {
            return Overflow;
        }

        label = Make(tenantId);
        if (Labels.TryAdd(tenantId, label))
        {
            Interlocked.Increment(ref _count);
        }

        return label;
    }

    internal static string Make(string tenantId)
    {
        if (tenantId.Length is > 0 and <= LongestPlain && tenantId.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            return tenantId;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tenantId)));
        return $"tenant_{hash[..HashDigits]}";
    }
}
