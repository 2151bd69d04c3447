using System.Diagnostics;
using System.Text;
using DashStream.Conformance.Servers;

namespace DashStream.Tests.Cli;

/// <summary>The tool as a process of its own. Its output is read only when a test asks for it, so a test can let it hang on a full pipe.</summary>
internal sealed class ToolProcess : IDisposable
{
    private readonly Process _process;
    private readonly WholeLines _output;
    private readonly StringBuilder _errors = new();

    private ToolProcess(Process process)
    {
        _process = process;
        _output = new WholeLines(process.StandardOutput);
        process.ErrorDataReceived += (_, e) => _errors.AppendLine(e.Data);
        process.BeginErrorReadLine();
    }

    public int ExitCode => _process.ExitCode;

    public string Errors => _errors.ToString();

    public static ToolProcess Start(params string[] args)
    {
        var tool = Path.Combine(AppContext.BaseDirectory, "dashstream.dll");
        var start = new ProcessStartInfo("dotnet", [tool, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        return new ToolProcess(Process.Start(start)!);
    }

    public Task<string?> ReadLineAsync(CancellationToken cancellationToken) => _output.ReadAsync(cancellationToken);

    /// <summary>The rest of the output, and the end of the process.</summary>
    public async Task<List<string>> ReadToEndAsync(CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        while (await ReadLineAsync(cancellationToken) is { } line)
        {
            lines.Add(line);
        }

        await _process.WaitForExitAsync(cancellationToken);
        return lines;
    }

    /// <summary>kill -9.</summary>
    public void Kill() => _process.Kill();

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
