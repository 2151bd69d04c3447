using DashStream.Protocol;

namespace DashStream.Cli.Parsing;

/// <summary>Where messages are printed to, in one of the formats. One caller at a time.</summary>
internal interface IMessageSink
{
    void Add(StreamPosition position, DashStreamMessage message);

    /// <summary>Everything is read; whatever was kept back is printed.</summary>
    void End();
}
