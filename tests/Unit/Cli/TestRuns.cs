namespace DashStream.Tests.Cli;

/// <summary>Small made-up runs, for machines without recorded ones.</summary>
internal static class TestRuns
{
    public const int MessagesPerRun = 22;

    /// <summary>A file with so many runs; each becomes <see cref="MessagesPerRun"/> messages.</summary>
    public static string Write(string folder, int runs)
    {
        var path = Path.Combine(folder, "made-up.json");
        File.WriteAllText(path, $"[{string.Join(",\n", Enumerable.Range(0, runs).Select(Run))}]");
        return path;
    }

    private static string Run(int task) => $$$"""
        {"task_id": {{{task}}}, "trial": 0, "reward": {{{task % 2}}}, "traj": [
          {"role": "user", "content": "what is in drawer {{{task}}}?"},
          {"role": "assistant", "content": null, "tool_calls": [{"id": "c", "type": "function", "function": {"name": "open", "arguments": "{\"drawer\": {{{task}}} }"}}]},
          {"role": "tool", "tool_call_id": "c", "content": "{\"holds\": \"paper\"}"},
          {"role": "assistant", "content": "Paper."}]}
        """;
}
