using System.Buffers;
using DashStream.Protocol;

namespace DashStream;

/// <summary>
/// Refuses to encode attributes that nest more deeply than any reader follows. Without it a chain of a few thousand nested lists would
/// end the process: the encoder recurses, and a stack overflow cannot be caught.
/// </summary>
internal static class AttributeNesting
{
    // What protobuf readers follow by default, in C# and elsewhere. A map entry counts as a level.
    private const int DeepestLevel = 100;
    private const int EventLevel = 1;
    private const int BatchEventLevel = 2;

    /// <exception cref="CodecException">The attributes nest too deeply.</exception>
    public static void ThrowIfTooDeep(DashStreamMessage message)
    {
        switch (message.MessageCase)
        {
            case DashStreamMessage.MessageOneofCase.Event:
                CheckMap(message.Event.Attributes, EventLevel);
                break;
            case DashStreamMessage.MessageOneofCase.EventBatch:
                foreach (var one in message.EventBatch.Events)
                {
                    CheckMap(one.Attributes, BatchEventLevel);
                }

                break;
        }
    }

    private static void CheckMap(ICollection<KeyValuePair<string, AttributeValue>> map, int level)
    {
        var count = map.Count;
        if (count == 0)
        {
            return;
        }

        // The map's enumerator would be allocated, its CopyTo is not.
        var entries = ArrayPool<KeyValuePair<string, AttributeValue>>.Shared.Rent(count);
        try
        {
            map.CopyTo(entries, 0);
            for (var i = 0; i < count; i++)
            {
                CheckValue(entries[i].Value, level + 2);
            }
        }
        finally
        {
            ArrayPool<KeyValuePair<string, AttributeValue>>.Shared.Return(entries, clearArray: true);
        }
    }

    private static void CheckValue(AttributeValue value, int level)
    {
        if (level > DeepestLevel)
        {
            throw new CodecException(
                CodecFailure.Protobuf,
                $"The attributes nest too deeply: readers follow {DeepestLevel} levels of messages. Store deep data as JSON text instead.");
        }

        switch (value.ValueCase)
        {
            case AttributeValue.ValueOneofCase.ArrayValue:
                CheckList(value.ArrayValue.Values, level + 1);
                break;
            case AttributeValue.ValueOneofCase.MapValue:
                CheckMap(value.MapValue.Values, level + 1);
                break;
        }
    }

    private static void CheckList(Google.Protobuf.Collections.RepeatedField<AttributeValue> values, int level)
    {
        for (var i = 0; i < values.Count; i++)
        {
            CheckValue(values[i], level + 1);
        }
    }
}
