using DashStream.Protocol;
using DashStream.Sequencing;
using DashStream.Telemetry;
using Microsoft.Extensions.Logging;

namespace DashStream.Client;

/// <summary>What the number check found about one message. Made only when something is wrong.</summary>
internal sealed class NumberFindings
{
    private readonly List<(Header Header, NumberKind Kind, ulong Expected)> _found = [];

    public List<Halt> Halts { get; } = [];

    public void Add(Header header, NumberKind kind, ulong expected) => _found.Add((header, kind, expected));

    public void Tell(string topic, GapPolicy policy, ILogger logger)
    {
        foreach (var (header, kind, expected) in _found)
        {
            switch (kind)
            {
                case NumberKind.Gap:
                    PipelineMeter.SequenceGaps.Add(1);
                    PipelineMeter.SequenceGapSize.Record((long)Math.Min(header.Sequence - expected, long.MaxValue));
                    TellGap(topic, policy, logger, header, expected);
                    break;
                case NumberKind.Duplicate:
                    PipelineMeter.SequenceDuplicates.Add(1);
                    Log.NumberRepeated(logger, topic, header.TenantId, header.ThreadId, header.Sequence, expected);
                    break;
                default:
                    PipelineMeter.SequenceReorders.Add(1);
                    Log.NumberLate(logger, topic, header.TenantId, header.ThreadId, header.Sequence, expected);
                    break;
            }
        }
    }

    private static void TellGap(string topic, GapPolicy policy, ILogger logger, Header header, ulong expected)
    {
        if (policy == GapPolicy.Warn)
        {
            Log.NumbersMissing(logger, topic, header.TenantId, header.ThreadId, expected, header.Sequence);
        }
        else if (policy == GapPolicy.HaltThread)
        {
            Log.ThreadHalted(logger, topic, header.TenantId, header.ThreadId, expected, header.Sequence);
        }
    }
}
