using System.Text;

namespace DashStream.State;

/// <summary>Writes a changed state: untouched values as they were written, opened containers compactly.</summary>
/// <param name="text">Where it goes.</param>
/// <param name="maxDepth">The deepest nesting allowed.</param>
/// <param name="operation">The operation to name when it is deeper.</param>
internal readonly struct StateSlotWriter(PooledList<byte> text, int maxDepth, int operation)
{
    public void Write(in StateSlot slot, int depth)
    {
        var height = slot.Container is null ? slot.Value.Height : 1;
        if (depth + height > maxDepth)
        {
            throw new StatePatchException(StreamErrorKind.TooLarge, $"the state becomes deeper than the {maxDepth} levels allowed", operation, null);
        }

        if (slot.Container is null)
        {
            text.Add(slot.Document.Written(slot.Value));
            return;
        }

        var (open, close) = slot.Kind == JsonKind.Object ? ((byte)'{', (byte)'}') : ((byte)'[', (byte)']');
        text.Add(open);
        var isFirst = true;
        foreach (var (key, value) in slot.Container.All())
        {
            if (!isFirst)
            {
                text.Add((byte)',');
            }

            isFirst = false;
            WriteKey(key);
            Write(value, depth + 1);
        }

        text.Add(close);
    }

    private void WriteKey(string? key)
    {
        if (key is not null)
        {
            CanonicalText.Write(Encoding.UTF8.GetBytes(key), text);
            text.Add((byte)':');
        }
    }
}
