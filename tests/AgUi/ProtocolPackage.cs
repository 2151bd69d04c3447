using System.ComponentModel;
using System.Diagnostics;

namespace DashStream.AgUi.Tests;

/// <summary>The protocol's own npm package as a judge of single events. Fetched into a folder of its own; absent without npm or a registry that has it.</summary>
internal static class ProtocolPackage
{
    private const string Script = """
        import { EventSchema } from "@ag-ui/core/schemas";
        import { readFileSync } from "node:fs";
        const lines = readFileSync(process.argv[2], "utf8").split("\n").filter(line => line.length > 0);
        console.log(lines.map(line => EventSchema.safeParse(JSON.parse(line)).success ? "1" : "0").join(""));
        """;

    /// <summary>For each event whether the package takes it; ends the test as inconclusive where it cannot be asked.</summary>
    public static async Task<bool[]> JudgeAsync(IReadOnlyList<byte[]> events)
    {
        var folder = Directory.CreateTempSubdirectory("ag-ui-core-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{"name":"judge","private":true}""");
            await RunAsync(folder, "npm", "install", "--no-audit", "--no-fund", "--silent", "@ag-ui/core@1.0.0", "zod@4");
            await File.WriteAllTextAsync(Path.Combine(folder, "judge.mjs"), Script);
            await File.WriteAllBytesAsync(Path.Combine(folder, "events.jsonl"), [.. events.SelectMany(item => item.Append((byte)'\n'))]);
            var verdicts = await RunAsync(folder, "node", "judge.mjs", "events.jsonl");
            return [.. verdicts.Trim().Select(verdict => verdict == '1')];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> RunAsync(string folder, string program, params string[] arguments)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            if (process.ExitCode != 0)
            {
                Assert.Inconclusive($"{program} could not get or run the package @ag-ui/core: {await error}");
            }

            return output;
        }
        catch (Win32Exception)
        {
            Assert.Inconclusive($"The package @ag-ui/core cannot be asked: {program} is not on this machine.");
            throw;
        }
    }
}
