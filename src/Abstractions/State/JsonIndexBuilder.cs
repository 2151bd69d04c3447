using System.Text.Unicode;

namespace DashStream.State;

/// <summary>Reads a JSON text once and fills the table of a <see cref="JsonIndex"/>.</summary>
internal ref struct JsonIndexBuilder
{
    private const int FirstOpen = 16;

    private readonly JsonIndex _index;
    private readonly JsonReadLimits _limits;
    private readonly PooledList<int> _open;
    private readonly PooledList<int> _waiting;
    private readonly ReadOnlySpan<byte> _source;
    private JsonTextScan _texts;
    private int _at;

    // The container that is open last has neither members nor elements yet.
    private bool _isFresh;

    private JsonIndexBuilder(JsonIndex index, JsonReadLimits limits, PooledList<int> open, PooledList<int> waiting)
    {
        _index = index;
        _limits = limits;
        _open = open;
        _waiting = waiting;
        _source = index.Source;
        _texts = new JsonTextScan(_source, index.Rewritten, limits);
    }

    /// <summary>Fills the table.</summary>
    /// <param name="index">Empty as yet.</param>
    /// <param name="limits">How large the document may be.</param>
    /// <param name="known">A document that was read under the same limits: what both begin with is not read again. Null for none.</param>
    public static void Fill(JsonIndex index, JsonReadLimits limits, JsonIndex? known)
    {
        using var open = new PooledList<int>(FirstOpen);
        using var waiting = new PooledList<int>(FirstOpen);
        var builder = new JsonIndexBuilder(index, limits, open, waiting);
        if (known is not null)
        {
            builder.Take(known);
        }

        if (!Utf8.IsValid(builder._source[builder._at..]))
        {
            throw limits.NotJson("it is not UTF-8", builder._at);
        }

        builder.Read();
    }

    private void Take(JsonIndex known)
    {
        var start = new CommonStart(known, _source, _open, _waiting);
        _index.Tokens.Add(known.Tokens.Span[..start.Tokens]);
        _index.Children.Add(known.Children.Span[..start.Children]);
        _index.Rewritten.Add(known.Rewritten.Span[..start.Rewritten]);
        for (var i = 0; i < _open.Count; i++)
        {
            ref var token = ref _index.Tokens[_open[i]];
            token.First = start.FirstWaiting(i);
            token.Fingerprint = 0;
        }

        _at = start.Length;
        _isFresh = start.EndsInFresh;
    }

    private void Read()
    {
        if (_index.Tokens.Count == 0)
        {
            ReadValue(Peek(), default);
        }

        while (_open.Count > 0)
        {
            ReadNext();
        }

        SkipSpace();
        if (_at < _source.Length)
        {
            throw _limits.BreaksGrammar(_at);
        }
    }

    private void ReadNext()
    {
        var isObject = _index.Tokens[_open[_open.Count - 1]].Kind == JsonKind.Object;
        var next = Peek();
        if (next == (isObject ? '}' : ']'))
        {
            _at++;
            _isFresh = false;
            Close();
            return;
        }

        if (!_isFresh)
        {
            Expect(next, (byte)',');
            next = Peek();
        }

        _isFresh = false;
        if (!isObject)
        {
            ReadValue(next, default);
            return;
        }

        var key = ReadKey(next);
        Expect(Peek(), (byte)':');
        ReadValue(Peek(), key);
    }

    private JsonToken ReadKey(byte quote)
    {
        Expect(quote, (byte)'"');
        var written = _index.Rewritten.Count;
        _texts.Read(_at);
        var key = new JsonToken { KeyStart = _at, KeyLength = _texts.End - _at };
        _at = _texts.End + 1;
        if (_texts.HasEscapes)
        {
            key.IsKeyForeign = !_texts.IsCanonical;
            key.IsKeyRewritten = true;
            key.KeyStart = written;
            key.KeyLength = CanonicalText.Unescape(_index.Rewritten.Span[(written + 1)..^1], _index.Rewritten.Span[written..]);
            _index.Rewritten.Truncate(written + key.KeyLength);
        }

        return key;
    }

    private void ReadValue(byte first, JsonToken token)
    {
        token.Start = _at;
        switch (first)
        {
            case (byte)'{' or (byte)'[':
                Open(first == '{' ? JsonKind.Object : JsonKind.Array, token);
                return;
            case (byte)'"':
                ReadText(ref token);
                break;
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                ReadNumber(ref token);
                break;
            default:
                ReadLiteral(first);
                token.IsCanonical = true;
                break;
        }

        token.Length = _at - token.Start;
        if (token.IsCanonical)
        {
            token.Size = token.Length;
        }

        token.CompactSize = token.Kind == JsonKind.Text ? token.Size : token.Length;
        Add(token);
    }

    private void ReadText(ref JsonToken token)
    {
        token.Kind = JsonKind.Text;
        var written = _index.Rewritten.Count;
        _texts.Read(_at + 1);
        _at = _texts.End + 1;
        token.IsCanonical = _texts.IsCanonical;
        if (_texts.IsCanonical)
        {
            _index.Rewritten.Truncate(written);
            return;
        }

        token.First = written;
        token.Count = token.Size = _index.Rewritten.Count - written;
    }

    private void ReadNumber(ref JsonToken token)
    {
        token.Kind = JsonKind.Number;
        _at += NumberScan.LengthOf(_source[_at..], out var isPlain) is > 0 and var length ? length : throw _limits.BreaksGrammar(_at);
        token.IsCanonical = isPlain;
        if (isPlain)
        {
            return;
        }

        var written = _source[token.Start.._at];
        Span<byte> text = stackalloc byte[CanonicalNumber.MaxLength];
        if (!CanonicalNumber.TryFormat(written, text, out length))
        {
            throw _limits.NotJson("a number is beyond what a double holds", token.Start);
        }

        token.IsCanonical = written.SequenceEqual(text[..length]);
        if (!token.IsCanonical)
        {
            token.First = _index.Rewritten.Count;
            token.Count = token.Size = length;
            _index.Rewritten.Add(text[..length]);
        }
    }

    private void ReadLiteral(byte first)
    {
        var word = first switch { (byte)'t' => "true"u8, (byte)'f' => "false"u8, _ => "null"u8 };
        if (!_source[_at..].StartsWith(word))
        {
            throw _limits.BreaksGrammar(_at);
        }

        _at += word.Length;
    }

    private void Open(JsonKind kind, JsonToken token)
    {
        _at++;
        _isFresh = true;
        token.Kind = kind;
        token.First = _waiting.Count + 1;
        Add(token);
        _open.Add(_index.Tokens.Count - 1);
        _limits.CheckDepth(_open.Count, token.Start);
    }

    private void Close()
    {
        ref var token = ref _index.Tokens[_open[_open.Count - 1]];
        var children = _waiting.Span[token.First..];
        token.Length = _at - token.Start;
        var isSorted = true;
        var count = children.Length;
        if (token.Kind == JsonKind.Object)
        {
            isSorted = MemberOrder.IsStrict(_index, children);
            count = isSorted ? count : MemberOrder.Sort(_index, children);
        }

        JsonMeasure.Set(_index, ref token, children[..count], isSorted);
        _waiting.Truncate(token.First);
        token.First = _index.Children.Count;
        token.Count = count;
        _index.Children.Add(children[..count]);
        _open.Truncate(_open.Count - 1);
    }

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

    private void Expect(byte found, byte expected)
    {
        if (found != expected)
        {
            throw _limits.BreaksGrammar(_at);
        }

        _at++;
    }

    /// <summary>The next byte that is no space; 0, which no document may have there, at the end.</summary>
    private byte Peek()
    {
        SkipSpace();
        return _at < _source.Length ? _source[_at] : (byte)0;
    }

    private void SkipSpace()
    {
        while (_at < _source.Length && _source[_at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            _at++;
        }
    }
}
