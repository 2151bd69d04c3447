using DashStream.Protocol;

namespace DashStream.Runs;

/// <summary>Token counts as the wire has them.</summary>
internal static class RunTokens
{
    public static TokenStats StatsOf(long prompt, long completion)
    {
        var stats = new TokenStats { PromptTokens = Clamp(prompt), CompletionTokens = Clamp(completion) };
        stats.TotalTokens = Clamp((long)stats.PromptTokens + stats.CompletionTokens);
        return stats;
    }

    private static uint Clamp(long count) => (uint)Math.Clamp(count, 0, uint.MaxValue);
}
