using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>Takes replies apart. To old versions of the client an absent array is a value, and no array.</summary>
internal static class RedisReplies
{
    /// <summary>The elements; none when the reply is absent.</summary>
    public static RedisResult[] Items(this RedisResult? reply) => reply is null || reply.IsNull ? [] : (RedisResult[]?)reply ?? [];
}
