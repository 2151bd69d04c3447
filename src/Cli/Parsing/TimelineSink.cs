using System.Text;
using DashStream.Analysis;
using DashStream.Protocol;

namespace DashStream.Cli.Parsing;

/// <summary>
/// Timelines, one thread after the other: the lines of a thread are kept until its run ends or the log does. What is kept is bounded; when the bound is
/// reached, the longest thread is printed as far as it is known and goes on further below.
/// </summary>
internal sealed class TimelineSink(Terminal terminal, int maxKeptChars = TimelineSink.DefaultMaxKeptChars) : IMessageSink
{
    private const int DefaultMaxKeptChars = 64 * 1024 * 1024;

    private readonly Dictionary<string, Kept> _threads = new(StringComparer.Ordinal);
    private readonly HashSet<string> _begun = new(StringComparer.Ordinal);
    private long _keptChars;

    public void Add(StreamPosition position, DashStreamMessage message)
    {
        var thread = MessageParts.HeaderOf(message)?.ThreadId ?? "";
        if (!_threads.TryGetValue(thread, out var kept))
        {
            _threads[thread] = kept = new Kept(_threads.Count);
        }

        var line = TimelineText.Line(message);
        kept.Lines.Append(line).Append('\n');
        kept.Count++;
        _keptChars += line.Length + 1;
        if (IsLast(message))
        {
            Print(thread);
        }
        else if (_keptChars > maxKeptChars)
        {
            Print(_threads.MaxBy(pair => pair.Value.Lines.Length).Key);
        }
    }

    public void End()
    {
        foreach (var thread in _threads.OrderBy(pair => pair.Value.Order).Select(pair => pair.Key).ToList())
        {
            Print(thread);
        }
    }

    private static bool IsLast(DashStreamMessage message) =>
        message.Event?.EventType is EventType.GraphEnd or EventType.GraphError;

    private void Print(string thread)
    {
        _threads.Remove(thread, out var kept);
        var name = thread.Length == 0 ? "(no thread)" : TimelineText.Plain(thread);
        var again = _begun.Add(thread) ? "" : ", continued";
        terminal.Out.WriteLine(terminal.Highlight($"thread {name} ({kept!.Count:N0} {(kept.Count == 1 ? "message" : "messages")}{again})"));
        foreach (var chunk in kept.Lines.GetChunks())
        {
            terminal.Out.Write(chunk.Span);
        }

        terminal.Out.WriteLine();
        _keptChars -= kept.Lines.Length;
    }

    private sealed class Kept(int order)
    {
        public int Order { get; } = order;

        public StringBuilder Lines { get; } = new();

        public long Count { get; set; }
    }
}
