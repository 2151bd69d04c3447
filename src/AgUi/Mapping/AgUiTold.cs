using System.Globalization;
using System.Text;
using DashStream.Protocol;

namespace DashStream.AgUi;

/// <summary>The events that a message becomes, each at the message's time.</summary>
internal sealed class AgUiTold
{
    private readonly List<AgUiEvent> _events = [];
    private long _timeMs;

    public void Begin() => _events.Clear();

    public void SetTime(long milliseconds) => _timeMs = milliseconds;

    public void Add(AgUiEventType type, params ReadOnlySpan<(string Name, string? Value)> fields) => Add(AgUiEvent.Create(type, fields));

    public void Add(AgUiEvent item) =>
        _events.Add(_timeMs == 0 ? item : item.With("timestamp", Encoding.ASCII.GetBytes(_timeMs.ToString(CultureInfo.InvariantCulture))));

    /// <summary>Tells a message that AG-UI has no event for as what it is.</summary>
    public void AddCustom(DashStreamMessage message) => Add(AgUiCustom.Of(message));

    public AgUiEvent[] ToArray() => [.. _events];
}
