using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace DashStream.AgUi.Tests;

/// <summary>
/// The protocol's own npm packages as judges and as a client. Fetched once into a folder of their own; tests that need them end as inconclusive, with the reason,
/// without node, npm or a registry that has them.
/// </summary>
[TestClass]
public sealed class ProtocolPackage
{
    private const string JudgeEvents = """
        import { EventSchema } from "@ag-ui/core/schemas";
        import { readFileSync } from "node:fs";
        const lines = readFileSync(process.argv[2], "utf8").split("\n").filter(line => line.length > 0);
        console.log(lines.map(line => EventSchema.safeParse(JSON.parse(line)).success ? "1" : "0").join(""));
        """;

    private const string JudgeStreams = """
        import { transformChunks, verifyEvents } from "@ag-ui/client";
        import { from, lastValueFrom, toArray } from "rxjs";
        import { readFileSync } from "node:fs";
        console.warn = console.error = () => {};
        for (const line of readFileSync(process.argv[2], "utf8").split("\n").filter(line => line.length > 0)) {
            let verdict = "";
            try { await lastValueFrom(from(JSON.parse(line)).pipe(transformChunks(false), verifyEvents(false), toArray())); }
            catch (e) { verdict = e.message; }
            console.log(JSON.stringify(verdict));
        }
        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly Lazy<Task<(string Folder, string? Why)>> Installed = new(InstallAsync);

    [AssemblyCleanup]
    public static async Task RemoveAsync()
    {
        if (Installed.IsValueCreated)
        {
            Directory.Delete((await Installed.Value).Folder, recursive: true);
        }
    }

    /// <summary>For each event whether the package's schema takes it.</summary>
    internal static async Task<bool[]> JudgeAsync(IReadOnlyList<byte[]> events)
    {
        var verdicts = await AskAsync(JudgeEvents, [.. events.SelectMany(item => item.Append((byte)'\n'))]);
        return [.. verdicts.Trim().Select(verdict => verdict == '1')];
    }

    /// <summary>For each stream why the package's client refuses it; empty where it takes it.</summary>
    internal static async Task<string[]> JudgeAsync(IReadOnlyList<IReadOnlyList<AgUiEvent>> streams)
    {
        var lines = streams.Select(stream => $"[{string.Join(',', stream.Select(item => Encoding.UTF8.GetString(item.ToWire())))}]\n");
        var verdicts = await AskAsync(JudgeStreams, Encoding.UTF8.GetBytes(string.Concat(lines)));
        return [.. verdicts.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<string>(line)!)];
    }

    /// <summary>Starts a script that may import the packages.</summary>
    internal static async Task<Process> StartAsync(string script, params string[] arguments)
    {
        var folder = await FolderAsync();
        var file = Path.Combine(folder, $"{Path.GetRandomFileName()}.mjs");
        await File.WriteAllTextAsync(file, script);
        return Start(folder, "node", [file, .. arguments]);
    }

    private static async Task<string> AskAsync(string script, byte[] input)
    {
        var data = Path.Combine(await FolderAsync(), Path.GetRandomFileName());
        await File.WriteAllBytesAsync(data, input);
        using var process = await StartAsync(script, data);
        var (output, error) = await EndAsync(process);
        Assert.AreEqual(0, process.ExitCode, error);
        return output;
    }

    private static async Task<string> FolderAsync()
    {
        var (folder, why) = await Installed.Value;
        if (why is not null)
        {
            Assert.Inconclusive($"The packages @ag-ui/core and @ag-ui/client cannot be asked: {why}");
        }

        return folder;
    }

    private static async Task<(string Folder, string? Why)> InstallAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ag-ui-packages-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{"name":"judge","private":true}""");
        try
        {
            using var node = Start(folder, "node", ["--version"]);
            await EndAsync(node);
            using var npm = Start(folder, "npm", ["install", "--no-audit", "--no-fund", "--silent", "@ag-ui/core@1.0.0", "@ag-ui/client@1.0.0", "zod@4"]);
            var (_, error) = await EndAsync(npm);
            return (folder, npm.ExitCode == 0 ? null : $"npm could not get them: {error}");
        }
        catch (Win32Exception e)
        {
            return (folder, e.Message);
        }
        catch (OperationCanceledException)
        {
            return (folder, $"npm did not get them within {Limit}");
        }
    }

    private static Process Start(string folder, string program, string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static async Task<(string Output, string Error)> EndAsync(Process process)
    {
        using var limit = new CancellationTokenSource(Limit);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (output, await error);
    }
}
