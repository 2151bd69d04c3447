using System.Text.Json;
using System.Text.Unicode;

namespace DashStream.State;

/// <summary>Reads a JSON text once and fills the table of a <see cref="JsonIndex"/>.</summary>
internal readonly struct JsonIndexBuilder
{
    private const int FirstOpen = 16;

    private readonly JsonIndex _index;
    private readonly JsonReadLimits _limits;
    private readonly PooledList<int> _open;
    private readonly PooledList<int> _waiting;

    private JsonIndexBuilder(JsonIndex index, JsonReadLimits limits, PooledList<int> open, PooledList<int> waiting)
    {
        _index = index;
        _limits = limits;
        _open = open;
        _waiting = waiting;
    }

    public static void Fill(JsonIndex index, JsonReadLimits limits)
    {
        // The reader looks at UTF-8 only where it unescapes.
        if (!Utf8.IsValid(index.Source))
        {
            throw limits.NotJson("it is not UTF-8", 0);
        }

        using var open = new PooledList<int>(FirstOpen);
        using var waiting = new PooledList<int>(FirstOpen);
        var builder = new JsonIndexBuilder(index, limits, open, waiting);
        var reader = new Utf8JsonReader(index.Source, new JsonReaderOptions { MaxDepth = limits.MaxDepth + 1 });
        try
        {
            builder.Read(ref reader);
        }
        catch (JsonException)
        {
            // Its message may quote the text.
            throw limits.NotJson("it breaks the grammar", reader.BytesConsumed);
        }
    }

    private void Read(ref Utf8JsonReader reader)
    {
        var key = default(JsonToken);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    key = ReadKey(ref reader);
                    continue;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    Open(ref reader, key);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    Close(ref reader);
                    break;
                default:
                    ReadScalar(ref reader, key);
                    break;
            }

            key = default;
        }
    }

    private JsonToken ReadKey(ref Utf8JsonReader reader)
    {
        var token = new JsonToken { KeyStart = (int)reader.TokenStartIndex + 1, KeyLength = reader.ValueSpan.Length };
        if (!reader.ValueIsEscaped)
        {
            return token;
        }

        token.IsKeyForeign = !CanonicalText.IsCanonical(reader.ValueSpan);
        token.KeyStart = _index.Rewritten.Count;
        token.KeyLength = Unescape(ref reader);
        token.IsKeyRewritten = true;
        return token;
    }

    private void Open(ref Utf8JsonReader reader, JsonToken token)
    {
        token.Kind = reader.TokenType == JsonTokenType.StartObject ? JsonKind.Object : JsonKind.Array;
        token.Start = (int)reader.TokenStartIndex;
        token.First = _waiting.Count + 1;
        Add(token);
        _open.Add(_index.Tokens.Count - 1);
        _limits.CheckDepth(_open.Count, reader.TokenStartIndex);
    }

    private void Close(ref Utf8JsonReader reader)
    {
        ref var token = ref _index.Tokens[_open[_open.Count - 1]];
        var children = _waiting.Span[token.First..];
        token.Length = (int)reader.BytesConsumed - token.Start;
        var isSorted = true;
        var count = children.Length;
        if (token.Kind == JsonKind.Object)
        {
            isSorted = MemberOrder.IsStrict(_index, children);
            count = isSorted ? count : MemberOrder.Sort(_index, children);
        }

        Measure(ref token, children[..count], isSorted);
        _waiting.Truncate(token.First);
        token.First = _index.Children.Count;
        token.Count = count;
        _index.Children.Add(children[..count]);
        _open.Truncate(_open.Count - 1);
    }

    private void Measure(ref JsonToken token, ReadOnlySpan<int> children, bool isSorted)
    {
        var tokens = _index.Tokens.Span;
        var isObject = token.Kind == JsonKind.Object;
        var keys = 0;
        token.Size = token.CompactSize = 2 + Math.Max(0, children.Length - 1);
        token.IsCanonical = isSorted;
        token.Height = 1;
        foreach (var child in children)
        {
            ref readonly var value = ref tokens[child];
            token.Size += value.Size;
            token.CompactSize += value.CompactSize;
            token.IsCanonical &= value.IsCanonical && !value.IsKeyForeign;
            token.Height = Math.Max(token.Height, (short)(value.Height + 1));
            keys += isObject ? KeySize(value) : 0;
        }

        token.Size += keys;
        token.CompactSize += keys;
        token.IsCanonical &= token.Size == token.Length;
    }

    private int KeySize(in JsonToken value) =>
        (value.IsKeyRewritten ? CanonicalText.EscapedLength(_index.Key(value)) : value.KeyLength) + "\"\":".Length;

    private void ReadScalar(ref Utf8JsonReader reader, JsonToken token)
    {
        token.Start = (int)reader.TokenStartIndex;
        token.Length = (int)reader.BytesConsumed - token.Start;
        token.Size = token.CompactSize = token.Length;
        token.IsCanonical = true;
        switch (reader.TokenType)
        {
            case JsonTokenType.Number:
                token.Kind = JsonKind.Number;
                ReadNumber(reader.ValueSpan, ref token);
                break;
            case JsonTokenType.String:
                token.Kind = JsonKind.Text;
                if (reader.ValueIsEscaped && !CanonicalText.IsCanonical(reader.ValueSpan))
                {
                    RewriteText(ref reader, ref token);
                }

                break;
        }

        Add(token);
    }

    private void ReadNumber(ReadOnlySpan<byte> written, ref JsonToken token)
    {
        if (CanonicalNumber.IsWholeAndCanonical(written))
        {
            return;
        }

        Span<byte> text = stackalloc byte[CanonicalNumber.MaxLength];
        if (!CanonicalNumber.TryFormat(written, text, out var length))
        {
            throw _limits.NotJson("a number is beyond what a double holds", token.Start);
        }

        token.Size = length;
        token.IsCanonical = written.SequenceEqual(text[..length]);
        if (!token.IsCanonical)
        {
            token.First = _index.Rewritten.Count;
            token.Count = length;
            _index.Rewritten.Add(text[..length]);
        }
    }

    private void RewriteText(ref Utf8JsonReader reader, ref JsonToken token)
    {
        token.First = _index.Rewritten.Count;
        var text = _index.Rewritten.Append(reader.ValueSpan.Length + "\"\"".Length);
        var length = CanonicalText.Rewrite(reader.ValueSpan, text[1..]);
        if (length < 0)
        {
            throw HalfPair(ref reader);
        }

        text[0] = text[length + 1] = (byte)'"';
        token.Count = length + "\"\"".Length;
        _index.Rewritten.Truncate(token.First + token.Count);
        token.Size = token.CompactSize = token.Count;
        token.IsCanonical = false;
    }

    private int Unescape(ref Utf8JsonReader reader)
    {
        var start = _index.Rewritten.Count;
        var length = Copy(ref reader, _index.Rewritten.Append(reader.ValueSpan.Length));
        _index.Rewritten.Truncate(start + length);
        return length;
    }

    private int Copy(ref Utf8JsonReader reader, Span<byte> destination)
    {
        try
        {
            return reader.CopyString(destination);
        }
        catch (InvalidOperationException)
        {
            throw HalfPair(ref reader);
        }
    }

    private StreamException HalfPair(ref Utf8JsonReader reader) => _limits.NotJson("an escape stands for half a surrogate pair", reader.TokenStartIndex);

    private void Add(in JsonToken token)
    {
        if (_open.Count == 1)
        {
            // The container itself is waiting too.
            _limits.CheckItems(_waiting.Count);
        }

        _waiting.Add(_index.Tokens.Count);
        _index.Tokens.Add(token);
    }
}
