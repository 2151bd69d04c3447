using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace DashStream.Cli;

/// <summary>Where output goes: results to <see cref="Out"/>, words about the work to <see cref="Err"/>.</summary>
internal sealed class Terminal : IDisposable
{
    private const int StandardOutput = 1;
    private const int WideEnough = 4000;

    private readonly bool _colourOut;

    public Terminal(TextWriter output, TextWriter error, bool colourOut = false, bool showProgress = false)
    {
        Out = output;
        Err = error;
        ShowProgress = showProgress;
        _colourOut = colourOut;
    }

    public TextWriter Out { get; }

    public TextWriter Err { get; }

    /// <summary>Whether passing notes of progress make sense: only where a person looks on.</summary>
    public bool ShowProgress { get; }

    public static Terminal OfProcess()
    {
        var colour = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var output = new StreamWriter(new OutputStream(StandardOutputStream()), bufferSize: 32 * 1024) { AutoFlush = false };
        return new Terminal(output, Console.Error, colour, !Console.IsErrorRedirected);
    }

    /// <summary>A console for tables; plain text and never wrapped when nobody looks on.</summary>
    public IAnsiConsole Tables()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Out),
            Ansi = _colourOut ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = _colourOut ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!_colourOut)
        {
            console.Profile.Width = WideEnough;
        }

        return console;
    }

    /// <summary>The same terminal with another standard error. The streams stay this one's to close.</summary>
    public Terminal WithErrors(TextWriter error) => new(Out, error, _colourOut, ShowProgress);

    public string Highlight(string text) => _colourOut ? $"\e[1m{text}\e[0m" : text;

    /// <summary>One line on standard error, and the exit code that goes with it.</summary>
    public int Say(string line, int code)
    {
        Err.WriteLine(line);
        return code;
    }

    public void Dispose()
    {
        try
        {
            Out.Dispose();
        }
        catch (OutputClosedException)
        {
            // The reader is gone; what is still in the buffer has nowhere to go.
        }
    }

    /// <summary>
    /// Console streams swallow a closed pipe, and reading would go on for nobody: a pipe is written to directly. A file is not, since a stream of our own
    /// would not move the offset that it shares with other processes.
    /// </summary>
    private static Stream StandardOutputStream()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
        {
            return Console.OpenStandardOutput();
        }

        var direct = new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        if (!direct.CanSeek)
        {
            return direct;
        }

        direct.Dispose();
        return Console.OpenStandardOutput();
    }
}
