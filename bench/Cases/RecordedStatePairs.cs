using System.Text;
using System.Text.Json;

namespace DashStream.Bench.Cases;

/// <summary>The states of the recorded runs, one after each chat message: where they are and how they are made.</summary>
internal static class RecordedStatePairs
{
    /// <summary>The states of each run, in order.</summary>
    /// <exception cref="BenchSkippedException">The runs are not on this machine.</exception>
    public static IReadOnlyList<IReadOnlyList<byte[]>> ReadAll()
    {
        using var runs = JsonDocument.Parse(File.ReadAllBytes(FileOf()));
        return [.. runs.RootElement.EnumerateArray().Select(run => StatesOf(run.GetProperty("traj")))];
    }

    private static List<byte[]> StatesOf(JsonElement messages)
    {
        var history = new List<string>();
        var states = new List<byte[]>();
        foreach (var message in messages.EnumerateArray())
        {
            history.Add(JsonSerializer.Serialize(message));
            states.Add(Encoding.UTF8.GetBytes($$"""{"messages":[{{string.Join(',', history)}}],"turn":{{history.Count}}}"""));
        }

        return states;
    }

    private static string FileOf()
    {
        var roots = Environment.GetEnvironmentVariable("DASHSTREAM_DATA") is { } named ? [named] : Above(AppContext.BaseDirectory).Select(folder => Path.Combine(folder, "shared", "data"));
        return roots.Select(root => Path.Combine(root, "agent-runs", "airline-gpt-4o.json")).FirstOrDefault(File.Exists)
            ?? throw new BenchSkippedException("the recorded runs are not on this machine; set DASHSTREAM_DATA to their folder");
    }

    private static IEnumerable<string> Above(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            yield return folder.FullName;
        }
    }
}
