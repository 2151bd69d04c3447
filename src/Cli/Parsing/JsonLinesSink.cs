using DashStream.Analysis;
using DashStream.Protocol;

namespace DashStream.Cli.Parsing;

/// <summary>JSON Lines: one object a line.</summary>
internal sealed class JsonLinesSink(TextWriter output) : IMessageSink
{
    public void Add(StreamPosition position, DashStreamMessage message)
    {
        output.Write(MessageJson.ToText(message));
        output.Write('\n');
    }

    public void End()
    {
    }
}
