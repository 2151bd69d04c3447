using System.Diagnostics;
using System.Text.RegularExpressions;

namespace DashStream.Conformance.Redis;

/// <summary>The server program of this machine: redis-server, or Valkey's. <c>DASHSTREAM_REDIS_PROGRAM</c> names another.</summary>
internal sealed partial class RedisProgram
{
    public const string ProgramVariable = "DASHSTREAM_REDIS_PROGRAM";

    private const int OldestRedis = 7;

    private static readonly string[] Names = ["redis-server", "valkey-server"];
    private static readonly Lazy<Task<(RedisProgram? Found, string Missing)>> OfThisMachine = new(LookAsync);

    private RedisProgram(string path, string origin) => (Path, Origin) = (path, origin);

    public string Path { get; }

    /// <summary>What it calls itself, such as Redis 7.0.15.</summary>
    public string Origin { get; }

    /// <summary>The command-line client that came with it; null when there is none.</summary>
    public string? Client => OnPath(System.IO.Path.GetFileName(Path).Replace("-server", "-cli", StringComparison.Ordinal)) ?? OnPath("redis-cli");

    /// <summary>The program, or null and the sentence that says what is missing.</summary>
    public static Task<(RedisProgram? Found, string Missing)> FindAsync() => OfThisMachine.Value;

    /// <summary>The program; without one the test is skipped.</summary>
    public static async Task<RedisProgram> RequireAsync()
    {
        var (found, missing) = await FindAsync();
        if (found is null)
        {
            Assert.Inconclusive(missing);
        }

        return found!;
    }

    private static async Task<(RedisProgram? Found, string Missing)> LookAsync()
    {
        var path = Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } named ? named : Names.Select(OnPath).FirstOrDefault(static found => found is not null);
        if (path is null || OperatingSystem.IsWindows())
        {
            return (null, "redis-server is missing: install Redis 7 or newer, or Valkey.");
        }

        using var process = Process.Start(new ProcessStartInfo(path, "--version") { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        var match = Version().Match(text);
        return match.Success && int.Parse(match.Groups["major"].Value, System.Globalization.CultureInfo.InvariantCulture) >= OldestRedis
            ? (new RedisProgram(path, $"{match.Groups["name"]} {match.Groups["version"]}"), "")
            : (null, $"{path} is '{text.Trim()}'; Redis {OldestRedis} or newer is needed.");
    }

    private static string? OnPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator)
        .Select(folder => System.IO.Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);

    [GeneratedRegex(@"^(?<name>\w+) server v=(?<version>(?<major>\d+)[\d.]*)")]
    private static partial Regex Version();
}
