using System.Diagnostics;

namespace DashStream.Conformance.Servers;

/// <summary>
/// A server as a process of its own, its output in a file. What is done to it is done one thing after the other; it dies with the test run, however that ends.
/// </summary>
internal sealed class ServerProcess(string name, string logFile)
{
    private const int LinesInErrors = 30;

    private Process? _process;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Everything the server has printed so far, over all its starts.</summary>
    public string Log => File.Exists(logFile) ? File.ReadAllText(logFile) : "";

    private Process Running => _process ?? throw new InvalidOperationException($"{name} does not run.");

    /// <summary>Starts it and returns at once. A variable that is null is taken out of the environment.</summary>
    public async Task LaunchAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        if (IsRunning)
        {
            throw new InvalidOperationException($"{name} runs already.");
        }

        await KillAsync();
        // Each program replaces the one before it, so the process is the server itself in the end; its log needs nobody to read it.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" </dev/null >>\"$log\" 2>&1", "sh", logFile, program, .. arguments]);
        foreach (var (variable, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[variable] = value;
        }

        _process = Process.Start(start)!;
        Reaper.Watch(_process);
    }

    /// <summary>Fails with the end of its log when it has ended by itself.</summary>
    public void RequireRunning()
    {
        if (!IsRunning)
        {
            throw new InvalidOperationException($"{name} ended while it started: {string.Join('\n', Log.Split('\n').TakeLast(LinesInErrors))}");
        }
    }

    /// <summary>A crash: kill -9. Does nothing when it does not run.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        _process = null;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        Reaper.Spare(process);
        process.Dispose();
    }

    /// <summary>A stop as an operator does it: SIGTERM.</summary>
    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        await Running.WaitForExitAsync().WaitAsync(Eventually.Patience);
        await KillAsync();
    }

    /// <summary>It hangs: its connections stay open and nothing is answered.</summary>
    public async Task SuspendAsync()
    {
        await SignalAsync("STOP");

        // On a busy machine the signal waits until the server's first thread gets to run, and the others go on answering.
        var state = $"/proc/{Running.Id}/stat";
        if (OperatingSystem.IsLinux())
        {
            await Eventually.TrueAsync(() => File.ReadAllText(state).Split(')')[^1].TrimStart().StartsWith('T'), $"{name} to stand still");
        }
    }

    /// <summary>It goes on after <see cref="SuspendAsync"/>.</summary>
    public Task ResumeAsync() => SignalAsync("CONT");

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{Running.Id}"]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"kill -{signal} {Running.Id} failed.");
        }
    }
}
