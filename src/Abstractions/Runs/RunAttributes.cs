using System.Collections;
using System.Globalization;
using DashStream.Protocol;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace DashStream.Runs;

/// <summary>Turns what an application gives as attributes into values of the wire. Never throws.</summary>
internal static class RunAttributes
{
    private const int MaxDepth = 8;

    // In all that hangs on one attribute: a collection may hold itself, many times over.
    private const int MaxItems = 10_000;

    public static void AddTo(MapField<string, AttributeValue> target, ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        foreach (var (name, value) in attributes)
        {
            Add(target, name, value);
        }
    }

    /// <summary>Sets one attribute; one without name or value is left out.</summary>
    public static void Add(MapField<string, AttributeValue> target, string? name, object? value)
    {
        if (!string.IsNullOrEmpty(name) && value is not null)
        {
            target[name] = Of(value);
        }
    }

    /// <summary>Sets a text unless it is empty.</summary>
    public static void AddText(MapField<string, AttributeValue> target, string name, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            target[name] = new AttributeValue { StringValue = text };
        }
    }

    public static AttributeValue Of(object value)
    {
        try
        {
            var left = MaxItems;
            return Of(value, 0, ref left);
        }
        catch (Exception e)
        {
            // The application's own enumerators and ToString run here.
            return new AttributeValue { StringValue = $"({value.GetType().Name} could not be read: {e.GetType().Name})" };
        }
    }

    private static AttributeValue Of(object? value, int depth, ref int left) => value switch
    {
        null => new AttributeValue(),
        AttributeValue ready => ready.Clone(),
        string text => new AttributeValue { StringValue = text },
        bool flag => new AttributeValue { BoolValue = flag },
        Enum name => new AttributeValue { StringValue = name.ToString() },
        byte or sbyte or short or ushort or int or uint or long => new AttributeValue { IntValue = Convert.ToInt64(value, CultureInfo.InvariantCulture) },
        ulong number => number <= long.MaxValue ? new AttributeValue { IntValue = (long)number } : new AttributeValue { FloatValue = number },
        float or double or Half or decimal => new AttributeValue { FloatValue = ToDouble(value) },
        byte[] bytes => new AttributeValue { BytesValue = ByteString.CopyFrom(bytes) },
        ReadOnlyMemory<byte> bytes => new AttributeValue { BytesValue = ByteString.CopyFrom(bytes.Span) },
        ByteString bytes => new AttributeValue { BytesValue = bytes },
        DateTimeOffset moment => new AttributeValue { StringValue = moment.ToString("O", CultureInfo.InvariantCulture) },
        IDictionary map when depth < MaxDepth => new AttributeValue { MapValue = MapOf(map, depth, ref left) },
        IEnumerable items when depth < MaxDepth => new AttributeValue { ArrayValue = ArrayOf(items, depth, ref left) },
        IFormattable other => new AttributeValue { StringValue = other.ToString(null, CultureInfo.InvariantCulture) },
        _ => new AttributeValue { StringValue = value.ToString() ?? "" },
    };

    private static double ToDouble(object value) => value is Half half ? (double)half : Convert.ToDouble(value, CultureInfo.InvariantCulture);

    private static AttributeMap MapOf(IDictionary source, int depth, ref int left)
    {
        var map = new AttributeMap();
        foreach (DictionaryEntry entry in source)
        {
            if (left-- <= 0)
            {
                break;
            }

            map.Values[Convert.ToString(entry.Key, CultureInfo.InvariantCulture) ?? ""] = Of(entry.Value, depth + 1, ref left);
        }

        return map;
    }

    private static AttributeArray ArrayOf(IEnumerable source, int depth, ref int left)
    {
        var array = new AttributeArray();
        foreach (var item in source)
        {
            if (left-- <= 0)
            {
                break;
            }

            array.Values.Add(Of(item, depth + 1, ref left));
        }

        return array;
    }
}
