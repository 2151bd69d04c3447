using System.Diagnostics;
using DashStream.Conformance.Servers;

namespace DashStream.Tests.Crash;

/// <summary>A running DashStream.Crash: what it says, and the means to kill it.</summary>
internal sealed class CrashProcess : IAsyncDisposable
{
    // A program that goes silent must fail its test, not hang it.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly WholeLines _output;
    private readonly List<string> _lines = [];

    private CrashProcess(Process process)
    {
        _process = process;
        _output = new WholeLines(process.StandardOutput);
    }

    /// <summary>What it has said so far.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Starts the program that is built beside the tests.</summary>
    public static CrashProcess Start(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "DashStream.Crash.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        return new CrashProcess(Process.Start(start)!);
    }

    /// <summary>Reads its output until it has said that many lines.</summary>
    public async Task ReadAsync(int lines)
    {
        while (_lines.Count < lines)
        {
            _lines.Add(await ReadLineAsync()
                ?? throw new AssertFailedException($"The program ended early: {await _process.StandardError.ReadToEndAsync()}"));
        }
    }

    /// <summary>Reads what it still says, until it ends by itself.</summary>
    public async Task ReadToEndAsync()
    {
        while (await ReadLineAsync() is { } line)
        {
            _lines.Add(line);
        }

        await _process.WaitForExitAsync();
        Assert.AreEqual(0, _process.ExitCode, await _process.StandardError.ReadToEndAsync());
    }

    /// <summary>Kills it without warning, then takes in what it had said before.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        while (await ReadLineAsync() is { } line)
        {
            _lines.Add(line);
        }

        await _process.WaitForExitAsync();
    }

    private async Task<string?> ReadLineAsync()
    {
        using var limit = new CancellationTokenSource(LongestSilence);
        try
        {
            return await _output.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new AssertFailedException($"The program said nothing for {LongestSilence} after {_lines.Count} lines.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
