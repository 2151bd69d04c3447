using System.Globalization;

namespace DashStream.State;

/// <summary>
/// Writes operations as compact JSON, each led by a comma, so that any run of them can be dropped or moved. Keeps the pointer to where
/// the comparison is.
/// </summary>
internal sealed class PatchWriter(JsonIndex values) : IDisposable
{
    private const int FirstText = 256;
    private const int FirstPath = 64;
    private const int LongestIndex = 10;

    private readonly PooledList<byte> _text = new(FirstText);
    private readonly PooledList<byte> _path = new(FirstPath);
    private readonly PooledList<OperationPlace> _places = new(FirstPath);

    public Mark Here => new(_text.Count, _places.Count);

    public static long OverheadOf(StateOperationKind kind) => kind switch
    {
        StateOperationKind.Add => ",{\"op\":\"add\",\"path\":\"\",\"value\":}".Length,
        StateOperationKind.Remove => ",{\"op\":\"remove\",\"path\":\"\"}".Length,
        _ => ",{\"op\":\"replace\",\"path\":\"\",\"value\":}".Length,
    };

    /// <summary>Goes down to a member. Returns where to come back to.</summary>
    public int Enter(ReadOnlySpan<byte> key)
    {
        var back = _path.Count;
        _path.Add((byte)'/');
        for (var at = key.IndexOfAny((byte)'~', (byte)'/'); at >= 0; at = key.IndexOfAny((byte)'~', (byte)'/'))
        {
            CanonicalText.WriteInside(key[..at], _path);
            _path.Add(key[at] == '~' ? "~0"u8 : "~1"u8);
            key = key[(at + 1)..];
        }

        CanonicalText.WriteInside(key, _path);
        return back;
    }

    /// <summary>Goes down to an element. Returns where to come back to.</summary>
    public int Enter(int element)
    {
        var back = _path.Count;
        _path.Add((byte)'/');
        Span<byte> digits = stackalloc byte[LongestIndex];
        element.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        _path.Add(digits[..length]);
        return back;
    }

    public void Leave(int back) => _path.Truncate(back);

    /// <summary>What the operation takes in the original's spelling, its comma included.</summary>
    public long SizeOf(StateOperationKind kind, int value) => OverheadOf(kind) + _path.Count + values.Tokens[value].Size;

    /// <summary>What the operation takes as we write it, its comma included.</summary>
    public long WrittenSizeOf(StateOperationKind kind, int value) => OverheadOf(kind) + _path.Count + values.Tokens[value].CompactSize;

    public long Remove()
    {
        Begin(StateOperationKind.Remove);
        _text.Add("\"}"u8);
        return OverheadOf(StateOperationKind.Remove) + _path.Count;
    }

    public long Put(StateOperationKind kind, int value)
    {
        Begin(kind);
        _text.Add("\",\"value\":"u8);
        var start = _text.Count;
        new CanonicalWriter(values, _text, keepNumbers: true).Write(value);
        ref var place = ref _places[_places.Count - 1];
        place.ValueStart = start;
        place.ValueLength = _text.Count - start;
        _text.Add((byte)'}');
        return SizeOf(kind, value);
    }

    public void Rewind(Mark mark)
    {
        _text.Truncate(mark.Text);
        _places.Truncate(mark.Places);
    }

    /// <summary>Of the operations from first to second and those since second, drops the longer ones.</summary>
    public void KeepShorter(Mark first, Mark second)
    {
        var firstLength = second.Text - first.Text;
        var secondLength = _text.Count - second.Text;
        if (firstLength < secondLength)
        {
            Rewind(second);
            return;
        }

        _text.Span[second.Text..].CopyTo(_text.Span[first.Text..]);
        var moved = _places.Span[second.Places..];
        foreach (ref var place in moved)
        {
            place.PathStart -= firstLength;
            place.ValueStart -= firstLength;
        }

        moved.CopyTo(_places.Span[first.Places..]);
        Rewind(new Mark(first.Text + secondLength, first.Places + moved.Length));
    }

    public StatePatch Finish()
    {
        if (_text.Count == 0)
        {
            return StatePatch.Empty;
        }

        _text.Add((byte)']');
        _text[0] = (byte)'[';
        return new StatePatch(_text.Span.ToArray(), _places.Span);
    }

    public void Dispose()
    {
        _text.Dispose();
        _path.Dispose();
        _places.Dispose();
    }

    private void Begin(StateOperationKind kind)
    {
        _text.Add(kind switch
        {
            StateOperationKind.Add => ",{\"op\":\"add\",\"path\":\""u8,
            StateOperationKind.Remove => ",{\"op\":\"remove\",\"path\":\""u8,
            _ => ",{\"op\":\"replace\",\"path\":\""u8,
        });
        _places.Add(new OperationPlace { Kind = kind, PathStart = _text.Count, PathLength = _path.Count, ValueStart = _text.Count });
        _text.Add(_path.Span);
    }

    /// <summary>A place in the patch to come back to.</summary>
    internal readonly record struct Mark(int Text, int Places);
}
