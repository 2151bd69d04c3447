using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>
/// The two keys of a tenant: <c>PREFIX:limit:{TENANT}:bucket</c> holds what is left, <c>PREFIX:limit:{TENANT}:rate</c> the limit that was set while running. The
/// braces keep both in one slot of a cluster.
/// </summary>
internal readonly record struct LimiterKeys(RedisKey Bucket, RedisKey Limit)
{
    private const int LongestPlain = 200;

    public static LimiterKeys Of(string prefix, string tenantId)
    {
        var stem = $"{prefix}:limit:{{{Escape(tenantId)}}}";
        return new LimiterKeys($"{stem}:bucket", $"{stem}:rate");
    }

    /// <summary>
    /// Letters, digits, <c>-</c>, <c>_</c> and <c>.</c> stay, every other byte becomes <c>%</c> and two digits: different tenants never share a name, and none can reach
    /// out of its braces. No tenant is <c>%</c>, and a very long one its hash.
    /// </summary>
    internal static string Escape(string tenantId)
    {
        if (tenantId.Length == 0)
        {
            // Empty braces would not keep the keys together.
            return "%";
        }

        var text = new StringBuilder(tenantId.Length);
        foreach (var one in Encoding.UTF8.GetBytes(tenantId))
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

        return text.Length <= LongestPlain ? text.ToString() : $"%{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tenantId)))}";
    }
}
