using System.Text;
using DashStream.State;

namespace DashStream.Tests.State;

/// <summary>JSON texts as the tests write them.</summary>
internal static class JsonBytes
{
    public static byte[] Utf8(this string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(this byte[] bytes) => Encoding.UTF8.GetString(bytes);

    public static StateHash Hash(this string json) => StateHash.Of(json.Utf8());

    public static byte[] Apply(string patch, string state) => StatePatch.Parse(patch.Utf8()).ApplyTo(state.Utf8());
}
