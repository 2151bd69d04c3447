using DashStream.Analysis;
using DashStream.Protocol;

namespace DashStream.Cli.Parsing;

/// <summary>Lines as they come, each with its thread: for what has no end, or must be out before it is committed.</summary>
internal sealed class FollowSink(Terminal terminal) : IMessageSink
{
    public void Add(StreamPosition position, DashStreamMessage message) =>
        terminal.Out.WriteLine($"{TimelineText.Plain(MessageParts.HeaderOf(message)?.ThreadId ?? "-", 40),-20} {TimelineText.Line(message)}");

    public void End()
    {
    }
}
