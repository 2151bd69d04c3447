using System.Globalization;

namespace DashStream.AgUi;

/// <summary>
/// Where reading may begin in the middle of a partition: an offset, and all that the translation held just before it, which fits a letter. Written as
/// OFFSET and the letter.
/// </summary>
internal readonly record struct AgUiAnchor(UInt128 Offset, char State)
{
    public static bool TryParse(ReadOnlySpan<char> text, out AgUiAnchor anchor)
    {
        if (text.Length > 1 && AgUiQuiet.IsState(text[^1]) && UInt128.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            anchor = new AgUiAnchor(offset, text[^1]);
            return true;
        }

        anchor = default;
        return false;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Offset}{State}");
}

/// <summary>
/// The anchors that a reader has passed. The one that goes into ids lies at least <see cref="LeastDistance"/> records back, so that a reader who begins there
/// also knows what was sent twice; null stands for the oldest record.
/// </summary>
internal sealed class AgUiAnchors
{
    /// <summary>Records between two anchors, at least.</summary>
    public const int Step = 256;

    private const int Steps = 4;

    /// <summary>How far back the anchor in an id lies, at least.</summary>
    public const int LeastDistance = Step * Steps;

    private readonly Queue<AgUiAnchor?> _passed = new(Steps + 2);
    private int _records;

    public AgUiAnchors(AgUiAnchor? first) => _passed.Enqueue(first);

    public AgUiAnchor? Oldest => _passed.Peek();

    /// <summary>Says which record comes next and what the translation holds before it; null where that is more than a letter.</summary>
    public void Pass(UInt128 offset, char? state)
    {
        if (++_records > Step && state is { } letter)
        {
            _records = 1;
            _passed.Enqueue(new AgUiAnchor(offset, letter));
            if (_passed.Count > Steps + 1)
            {
                _passed.Dequeue();
            }
        }
    }
}
