using DashStream.Protocol;

namespace DashStream.Runs;

/// <summary>The events of one run that wait to be sent together. For the worker alone.</summary>
internal sealed class EventBatching
{
    private List<Event> _events = [];
    private List<RunSlip> _slips = [];

    public bool IsEmpty => _events.Count == 0;

    public int Count => _events.Count;

    public long Bytes { get; private set; }

    /// <summary>When the first event came, as a timestamp of the clock.</summary>
    public long Since { get; private set; }

    public void Add(Event item, in RunSlip slip, long now)
    {
        if (IsEmpty)
        {
            Since = now;
        }

        _events.Add(item);
        _slips.Add(slip);
        Bytes += slip.Bytes;
    }

    /// <summary>Empties it. One event goes out as it is; several as a batch whose header points to what caused the first.</summary>
    public (DashStreamMessage Message, IReadOnlyList<RunSlip> Slips) Take(RunLane lane)
    {
        var (events, slips) = (_events, _slips);
        (_events, _slips, Bytes) = ([], [], 0);
        if (events.Count == 1)
        {
            return (events[0], slips);
        }

        var first = events[0].Header;
        return (new EventBatch { Header = lane.NewHeader(first.ParentId, first.TimestampUs), Events = { events } }, slips);
    }
}
