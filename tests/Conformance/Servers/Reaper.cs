using System.Diagnostics;

namespace DashStream.Conformance.Servers;

/// <summary>
/// Ends the servers of a test run however the run ends, also by kill -9: a shell that reads from this process, and when this process is gone kills what was
/// not spared and removes the folders.
/// </summary>
internal static class Reaper
{
    private const string Script = """
        trap '' INT TERM HUP
        while read -r verb what; do
            case $verb in
                kill) pids="$pids $what " ;;
                spare) pids=$(printf %s "$pids" | sed "s/ $what / /g") ;;
                remove) set -- "$@" "$what" ;;
            esac
        done
        for pid in $pids; do kill -9 "$pid"; done
        for folder in "$@"; do rm -rf "$folder"; done
        """;

    private static readonly Lock Gate = new();
    private static Process? _shell;

    /// <summary>From now on the process dies with this one.</summary>
    public static void Watch(Process process) => Tell($"kill {process.Id}");

    /// <summary>The process has ended, and its number may be another's soon.</summary>
    public static void Spare(Process process) => Tell($"spare {process.Id}");

    /// <summary>The folder is removed when this process ends, if it is still there.</summary>
    public static void Remove(string folder) => Tell($"remove {folder}");

    private static void Tell(string line)
    {
        lock (Gate)
        {
            _shell ??= Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"exec >/dev/null 2>&1\n{Script}"]) { RedirectStandardInput = true })!;
            _shell.StandardInput.WriteLine(line);
            _shell.StandardInput.Flush();
        }
    }
}
