using System.Text.Json;
using DashStream.Providers;
using DashStream.State;

namespace DashStream.Crash;

/// <summary>Saves one checkpoint after the other, to be killed in the middle of one.</summary>
internal static class CheckpointVerb
{
    public static async Task RunAsync(string uri, string threadId, int paddingBytes)
    {
        await using ICheckpointStore store = uri.Split(':', 2) is ["file", var folder] ? new FileCheckpointStore(folder) : new SqliteCheckpointStore(uri["sqlite:".Length..]);
        var checkpoints = new StateCheckpoints(store, new StateCheckpointOptions { KeepCount = 3, CompressionThresholdBytes = int.MaxValue });
        var last = (await checkpoints.RecoverAsync(threadId)).Checkpoint;
        var number = last is null ? 0 : JsonDocument.Parse(last.Moment.State).RootElement.GetProperty("n").GetInt32();
        while (true)
        {
            number++;
            await checkpoints.SaveAsync(threadId, JsonSerializer.SerializeToUtf8Bytes(new { n = number, padding = new string('x', paddingBytes) }));
            Console.WriteLine($"saved {number}");
        }
    }
}
