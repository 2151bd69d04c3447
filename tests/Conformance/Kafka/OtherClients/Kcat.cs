using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace DashStream.Conformance.Kafka;

/// <summary>kcat, the command-line client of other people: on librdkafka, in C, with nothing of ours in it.</summary>
internal static class Kcat
{
    /// <summary>What it reads of a topic, one object a record, ordered by partition and offset.</summary>
    public static async Task<IReadOnlyList<JsonElement>> ReadAsync(string servers, string topic)
    {
        var output = await RunAsync(["-C", "-b", servers, "-t", topic, "-e", "-q", "-J"], "");
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .OrderBy(record => record.GetProperty("partition").GetInt32()).ThenBy(record => record.GetProperty("offset").GetInt64())];
    }

    /// <summary>Writes one record a line of <paramref name="input"/>: <c>KEY|VALUE</c>.</summary>
    public static Task WriteAsync(string servers, string topic, string input, params string[] arguments) =>
        RunAsync(["-P", "-b", servers, "-t", topic, "-K", "|", "-X", "topic.partitioner=consistent_random", .. arguments], input);

    /// <summary>Runs it and returns what it printed; skips the test where it is not installed.</summary>
    private static async Task<string> RunAsync(IEnumerable<string> arguments, string input)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        try
        {
            using var limit = new CancellationTokenSource(Eventually.Patience);
            await process.WaitForExitAsync(limit.Token);
        }
        finally
        {
            process.Kill();
        }

        Assert.AreEqual(0, process.ExitCode, await errors);
        return await output;
    }

    private static Process Start(IEnumerable<string> arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("kcat", arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception)
        {
            Assert.Inconclusive("kcat is missing; on Debian and Ubuntu: apt-get install kcat.");
            throw;
        }
    }
}
