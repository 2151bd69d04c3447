using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>
/// The two keys of a tenant: <c>PREFIX:limit:{TENANT}:bucket</c> holds what is left, <c>PREFIX:limit:{TENANT}:rate</c> the limit that was set while running. The
/// braces keep both in one slot of a cluster.
/// </summary>
internal readonly record struct LimiterKeys(RedisKey Bucket, RedisKey Limit)
{
    public static LimiterKeys Of(string prefix, string tenantId)
    {
        var stem = $"{prefix}:limit:{{{KeyText.Escape(tenantId)}}}";
        return new LimiterKeys($"{stem}:bucket", $"{stem}:rate");
    }
}
