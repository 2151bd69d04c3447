using System.Buffers;
using System.Text;
using System.Text.Json;
using DashStream.State;

namespace DashStream.AgUi;

/// <summary>What an event says beyond what its message tells, and what the message would add.</summary>
internal sealed record AgUiDifference(string? Set, string? Unset)
{
    private const string Time = "timestamp";

    public bool IsEmpty => Set is null && Unset is null;

    public static AgUiDifference Between(AgUiEvent original, AgUiDraft told, bool tellsTimes)
    {
        var set = new ArrayBufferWriter<byte>();
        var hasSet = false;
        using (var writer = new Utf8JsonWriter(set, JsonScalar.Relaxed))
        {
            writer.WriteStartObject();
            foreach (var field in original.Fields)
            {
                var json = original.Json.Slice(field.Start, field.Length);
                if (field.Name != "type" && !Tells(told, field.Name, json))
                {
                    writer.WritePropertyName(field.Name);
                    writer.WriteRawValue(json.Span, skipInputValidation: true);
                    hasSet = true;
                }
            }

            writer.WriteEndObject();
        }

        var extra = told.Fields.Select(field => field.Key).Where(name => !original.TryGet(name, out _)).ToList();
        if (tellsTimes && !original.TryGet(Time, out _) && !extra.Contains(Time))
        {
            extra.Add(Time);
        }

        return new AgUiDifference(hasSet ? Encoding.UTF8.GetString(set.WrittenSpan) : null, extra.Count == 0 ? null : string.Join(' ', extra));
    }

    public void ApplyTo(AgUiDraft draft)
    {
        foreach (var name in Unset?.Split(' ') ?? [])
        {
            draft.Remove(name);
        }

        if (Set is null)
        {
            return;
        }

        var json = Encoding.UTF8.GetBytes(Set);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1001 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            draft.SetJson(name, json.AsMemory()[start..(int)reader.BytesConsumed]);
        }
    }

    private static bool Tells(AgUiDraft told, string name, ReadOnlyMemory<byte> json)
    {
        foreach (var (other, value) in told.Fields)
        {
            if (other == name)
            {
                return value.Span.SequenceEqual(json.Span)
                    || (json.Span[0] == '"' && value.Span[0] == '"' && JsonScalar.Text(json.Span) == JsonScalar.Text(value.Span))
                    || (json.Span[0] == '[' && name == "delta" && IsSame(json, value));
            }
        }

        return false;
    }

    private static bool IsSame(ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other)
    {
        try
        {
            return StateHash.Of(one) == StateHash.Of(other);
        }
        catch (StreamException)
        {
            // Numbers beyond a double, such as; then the text itself rides along.
            return false;
        }
    }
}
