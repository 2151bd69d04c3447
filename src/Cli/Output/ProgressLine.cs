namespace DashStream.Cli;

/// <summary>One line on standard error that is written over again, at most five times a second, and wiped at the end. Silent unless a person looks on.</summary>
internal sealed class ProgressLine(Terminal terminal, TimeProvider? time = null) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private long _last;
    private int _width;

    public void Show(Func<string> text)
    {
        if (!terminal.ShowProgress || (_last != 0 && _time.GetElapsedTime(_last) < Interval))
        {
            return;
        }

        _last = _time.GetTimestamp();
        var line = text();
        terminal.Err.Write('\r' + line.PadRight(_width));
        _width = line.Length;
    }

    /// <summary>Makes room for a line that stays.</summary>
    public void Dispose()
    {
        if (_width > 0)
        {
            terminal.Err.Write('\r' + new string(' ', _width) + '\r');
            _width = 0;
        }
    }
}
