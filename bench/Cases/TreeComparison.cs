using System.Security.Cryptography;
using System.Text;
using JsonDiffPatchDotNet;
using JsonDiffPatchDotNet.Formatters.JsonPatch;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace DashStream.Bench.Cases;

/// <summary>What our comparison gives, by the public .NET library that makes JSON patches.</summary>
internal static class TreeComparison
{
    public const string Name = "JsonDiffPatch.Net, its patch serialised, the tree sorted and hashed";

    private static readonly JsonDiffPatch Rival = new();

    public static (byte[] Patch, byte[] Hash) Compare(byte[] before, byte[] after)
    {
        var old = JToken.Parse(Encoding.UTF8.GetString(before));
        var @new = JToken.Parse(Encoding.UTF8.GetString(after));
        var operations = new JsonDeltaFormatter().Format(Rival.Diff(old, @new));
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
