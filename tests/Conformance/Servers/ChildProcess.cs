using System.Diagnostics;

namespace DashStream.Conformance.Servers;

/// <summary>This program once more, as a process of its own, with its verb. Killed when disposed.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly WholeLines _lines;

    private ChildProcess(Process process)
    {
        _process = process;
        _lines = new WholeLines(process.StandardOutput);
    }

    public int Id => _process.Id;

    public static ChildProcess Start(params string[] arguments)
    {
        var program = typeof(ChildProcess).Assembly.Location;
        var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", program, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Reaper.Watch(process);
        return new ChildProcess(process);
    }

    /// <summary>The next line it prints; null when it has ended.</summary>
    public Task<string?> ReadLineAsync() => _lines.ReadAsync().WaitAsync(Eventually.Patience);

    /// <summary>Gives it a line.</summary>
    public async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Gives it a line, and returns the line it answers; null when it has ended.</summary>
    public async Task<string?> AskAsync(string line)
    {
        try
        {
            await TellAsync(line);
        }
        catch (IOException)
        {
            return null;
        }

        return await ReadLineAsync();
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        Reaper.Spare(_process);
        _process.Dispose();
    }
}
