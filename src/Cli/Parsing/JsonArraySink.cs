using DashStream.Analysis;
using DashStream.Protocol;

namespace DashStream.Cli.Parsing;

/// <summary>One JSON array of indented objects.</summary>
internal sealed class JsonArraySink(TextWriter output) : IMessageSink
{
    private long _count;

    public void Add(StreamPosition position, DashStreamMessage message)
    {
        output.Write(_count++ == 0 ? "[\n" : ",\n");
        output.Write(MessageJson.ToText(message, indented: true));
    }

    public void End() => output.Write(_count == 0 ? "[]\n" : "\n]\n");
}
