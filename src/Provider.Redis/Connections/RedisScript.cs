using System.Security.Cryptography;
using System.Text;

namespace DashStream.Providers;

/// <summary>A Lua script with the name that the server keeps it under. Made once; safe for concurrent use.</summary>
internal sealed class RedisScript(string text)
{
#pragma warning disable CA5350 // The name that Redis gives a script; no secret hangs on it.
    /// <summary>What EVALSHA takes.</summary>
    public string Sha { get; } = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5350

    /// <summary>What EVAL takes.</summary>
    public string Text { get; } = text;

    /// <summary>The script in <c>NAME.lua</c> of this assembly, or in several of them, one behind the other.</summary>
    public static RedisScript Load(params string[] names) => new(string.Concat(names.Select(Read)));

    private static string Read(string name)
    {
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream($"{name}.lua")
            ?? throw new InvalidOperationException($"The assembly lacks its script '{name}.lua'.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
