using System.Security.Cryptography;
using System.Text;
using DashStream.State;
using JsonDiffPatchDotNet;
using JsonDiffPatchDotNet.Formatters.JsonPatch;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace DashStream.Bench.Cases;

/// <summary>One message more on the states of recorded runs, by size, beside the public .NET library that makes JSON patches.</summary>
internal abstract class StateAppendRecorded(string name, int from, int to) : IBenchCase
{
    private readonly JsonDiffPatch _rival = new();
    private readonly List<(byte[] Before, byte[] After)> _pairs = [];

    public string Name => $"state/append-recorded-{name}";

    public string Operation => "two states to patch bytes and the canonical hash of the new one";

    public BenchSide Ours => new("StateDiffer.Compare", (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            var (before, after) = _pairs[i % _pairs.Count];
            GC.KeepAlive(StateDiffer.Compare(before, after));
        }

        return ValueTask.CompletedTask;
    });

    public BenchSide Yardstick => new("JsonDiffPatch.Net, its patch serialised, the tree sorted and hashed", (operations, _) =>
    {
        for (var i = 0; i < operations; i++)
        {
            var (before, after) = _pairs[i % _pairs.Count];
            GC.KeepAlive(CompareTrees(before, after));
        }

        return ValueTask.CompletedTask;
    });

    public ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var states in RecordedStatePairs.ReadAll())
        {
            _pairs.AddRange(states.Zip(states.Skip(1)).Where(pair => pair.Second.Length >= from && pair.Second.Length < to));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private (byte[] Patch, byte[] Hash) CompareTrees(byte[] before, byte[] after)
    {
        var old = JToken.Parse(Encoding.UTF8.GetString(before));
        var @new = JToken.Parse(Encoding.UTF8.GetString(after));
        var operations = new JsonDeltaFormatter().Format(_rival.Diff(old, @new));
        var patch = Encoding.UTF8.GetBytes(JsonConvert.SerializeObject(operations));
        return (patch, SHA256.HashData(Encoding.UTF8.GetBytes(Sorted(@new).ToString(Formatting.None))));
    }

    private static JToken Sorted(JToken token) => token switch
    {
        JObject members => new JObject(members.Properties().OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => new JProperty(member.Name, Sorted(member.Value)))),
        JArray elements => new JArray(elements.Select(Sorted)),
        _ => token,
    };
}

/// <summary>States of 8 to 16 KB.</summary>
internal sealed class StateAppendRecorded8() : StateAppendRecorded("8k-16k", 8_192, 16_384);

/// <summary>States of 16 to 24 KB.</summary>
internal sealed class StateAppendRecorded16() : StateAppendRecorded("16k-24k", 16_384, 24_576);

/// <summary>States above 24 KB.</summary>
internal sealed class StateAppendRecorded24() : StateAppendRecorded("over-24k", 24_576, int.MaxValue);
