using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DashStream.State;

namespace DashStream.Bench.Cases;

/// <summary>What a state costs at every step of a run: one message more on about 16 KB of history.</summary>
internal sealed class StateAppendMessage : IBenchCase
{
    private const int Messages = 64;

    private readonly byte[] _before = Encoding.UTF8.GetBytes(State(Messages));
    private readonly byte[] _after = Encoding.UTF8.GetBytes(State(Messages + 1));

    public string Name => "state/append-message-16k";

    public string Operation => "two states to patch bytes, sizes and the canonical hash of the new one";

    public BenchSide Ours => new("StateDiffer.Compare", (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            GC.KeepAlive(StateDiffer.Compare(_before, _after));
        }

        return ValueTask.CompletedTask;
    });

    public BenchSide Yardstick => new("JsonNode trees by index, sorted and serialised", (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            GC.KeepAlive(CompareTrees());
        }

        return ValueTask.CompletedTask;
    });

    public ValueTask PrepareAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string State(int messages)
    {
        var history = Enumerable.Range(0, messages).Select(i =>
            $$"""{"role":"{{(i % 2 == 0 ? "user" : "assistant")}}","content":"Message {{i}}: {{new string((char)('a' + (i % 26)), 180)}}\nThank you."}""");
        return $$"""{"messages":[{{string.Join(",", history)}}],"turn":{{messages}},"done":false}""";
    }

    private (byte[] Patch, byte[] Hash) CompareTrees()
    {
        var after = JsonNode.Parse(_after)!;
        var patch = new JsonArray();
        Compare("", JsonNode.Parse(_before)!, after, patch);
        return (JsonSerializer.SerializeToUtf8Bytes(patch), SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(Sorted(after))));
    }

    private static void Compare(string path, JsonNode? before, JsonNode? after, JsonArray patch)
    {
        if (before is JsonObject oldMembers && after is JsonObject newMembers)
        {
            foreach (var (key, value) in newMembers)
            {
                CompareAt($"{path}/{key}", oldMembers.TryGetPropertyValue(key, out var old), old, value, patch);
            }
        }
        else if (before is JsonArray oldElements && after is JsonArray newElements)
        {
            for (var i = 0; i < newElements.Count; i++)
            {
                CompareAt($"{path}/{i}", i < oldElements.Count, i < oldElements.Count ? oldElements[i] : null, newElements[i], patch);
            }
        }
        else if (!JsonNode.DeepEquals(before, after))
        {
            patch.Add(new JsonObject { ["op"] = "replace", ["path"] = path, ["value"] = after?.DeepClone() });
        }
    }

    private static void CompareAt(string path, bool isKnown, JsonNode? before, JsonNode? after, JsonArray patch)
    {
        if (isKnown)
        {
            Compare(path, before, after, patch);
            return;
        }

        patch.Add(new JsonObject { ["op"] = "add", ["path"] = path, ["value"] = after?.DeepClone() });
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))),
        JsonArray elements => new JsonArray([.. elements.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
