using System.Diagnostics;
using System.Text.RegularExpressions;

namespace DashStream.Conformance.Kafka;

/// <summary>An Apache Kafka as it is downloaded, named by <c>KAFKA_HOME</c>, with a Java that can run it.</summary>
internal sealed partial class KafkaDistribution
{
    public const string HomeVariable = "KAFKA_HOME";

    private const int OldestJava = 17;

    private static readonly Lazy<Task<(KafkaDistribution? Found, string Missing)>> OfThisMachine = new(LookAsync);

    private KafkaDistribution(string home) => Home = home;

    public string Home { get; }

    /// <summary>What the scripts run.</summary>
    private static string Java => Environment.GetEnvironmentVariable("JAVA_HOME") is { Length: > 0 } home ? Path.Combine(home, "bin", "java") : "java";

    /// <summary>The version in the name of the client library that came with it, such as 4.3.1; empty when there is none.</summary>
    public string Version => Directory.EnumerateFiles(Path.Combine(Home, "libs"), "kafka-clients-*.jar")
        .Select(file => ClientLibrary().Match(Path.GetFileName(file)).Groups[1].Value)
        .FirstOrDefault(version => version.Length > 0) ?? "";

    /// <summary>The distribution of this machine, or null and the sentence that says what is missing.</summary>
    public static Task<(KafkaDistribution? Found, string Missing)> FindAsync() => OfThisMachine.Value;

    /// <summary>The distribution of this machine; without one the test is skipped.</summary>
    public static async Task<KafkaDistribution> RequireAsync()
    {
        var (found, missing) = await FindAsync();
        if (found is null)
        {
            Assert.Inconclusive(missing);
        }

        return found!;
    }

    /// <summary>Runs one of the distribution's tools to its end and returns what it printed; fails with that text when the tool fails.</summary>
    public async Task<string> RunAsync(string tool, IEnumerable<string> arguments, CancellationToken cancellationToken = default)
    {
        using var process = Process.Start(Command(tool, arguments))!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }

        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{tool} ended with code {process.ExitCode}: {await output}{await errors}");
    }

    public string Tool(string name) => Path.Combine(Home, "bin", name);

    private ProcessStartInfo Command(string tool, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Tool(tool), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // The scripts would make a folder for logs in the distribution, which may not be ours to write to.
        start.Environment["LOG_DIR"] = Path.GetTempPath();
        return start;
    }

    private static async Task<(KafkaDistribution? Found, string Missing)> LookAsync()
    {
        var home = Environment.GetEnvironmentVariable(HomeVariable);
        if (string.IsNullOrEmpty(home))
        {
            return (null, $"{HomeVariable} is not set: name the folder of an Apache Kafka 3.9 or newer.");
        }

        if (OperatingSystem.IsWindows() || !File.Exists(Path.Combine(home, "bin", "kafka-server-start.sh")))
        {
            return (null, $"{HomeVariable} is {home}, where there is no bin/kafka-server-start.sh to run.");
        }

        var java = await JavaVersionAsync();
        return java >= OldestJava
            ? (new KafkaDistribution(home), "")
            : (null, $"Java {OldestJava} or newer is missing: {(java == 0 ? $"there is no {Java} to run" : $"{Java} is {java}")}.");
    }

    /// <summary>The major version, 0 without a Java.</summary>
    private static async Task<int> JavaVersionAsync()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(Java, "-version") { RedirectStandardError = true })!;
            var text = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            return int.TryParse(JavaVersion().Match(text).Groups[1].Value, out var major) ? major : 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return 0;
        }
    }

    [GeneratedRegex(@"version ""(\d+)")]
    private static partial Regex JavaVersion();

    [GeneratedRegex(@"^kafka-clients-(\d[\d.]*)\.jar$")]
    private static partial Regex ClientLibrary();
}
