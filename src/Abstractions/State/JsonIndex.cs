using System.Runtime.CompilerServices;
using System.Text;

namespace DashStream.State;

/// <summary>
/// A JSON text and a flat table of its values: where each stands, its children (members sorted by key, the last of equal ones) and its
/// canonical size. Everything lies in pooled arrays; nothing is kept of the text but the text. Not safe for concurrent use.
/// </summary>
internal sealed class JsonIndex : IDisposable
{
    private const int MinCapacity = 16;
    private const int MaxFirstCapacity = 1 << 16;
    private const int TextPerToken = 32;

    private readonly ReadOnlyMemory<byte> _source;

    private JsonIndex(ReadOnlyMemory<byte> source)
    {
        _source = source;
        var expected = Math.Clamp(source.Length / TextPerToken, MinCapacity, MaxFirstCapacity);
        Tokens = new PooledList<JsonToken>(expected);
        Children = new PooledList<int>(expected);
        Rewritten = new PooledList<byte>(MinCapacity);
    }

    public PooledList<JsonToken> Tokens { get; }

    public PooledList<int> Children { get; }

    /// <summary>Canonical texts and keys that differ from what is written.</summary>
    public PooledList<byte> Rewritten { get; }

    /// <summary>The memory that is taken beside the text, as far as it is filled.</summary>
    public long HeldBytes => ((long)Tokens.Count * Unsafe.SizeOf<JsonToken>()) + ((long)Children.Count * sizeof(int)) + Rewritten.Count;

    public ReadOnlySpan<byte> Source => _source.Span;

    public ReadOnlyMemory<byte> SourceMemory => _source;

    public ref JsonToken Root => ref Tokens[0];

    public static JsonIndex OfState(ReadOnlyMemory<byte> json, StateOptions options, JsonIndex? known = null) =>
        Of(json, new JsonReadLimits("The state", options.MaxStateBytes, options.MaxDepth), known);

    /// <summary>Reads a text.</summary>
    /// <param name="json">The text, which must not change while the index is used.</param>
    /// <param name="limits">How large it may be.</param>
    /// <param name="known">A text that was read under the same limits: what both begin with is not read again. Null for none.</param>
    public static JsonIndex Of(ReadOnlyMemory<byte> json, JsonReadLimits limits, JsonIndex? known = null)
    {
        limits.CheckLength(json.Length);
        var index = new JsonIndex(json);
        try
        {
            JsonIndexBuilder.Fill(index, limits, known);
            return index;
        }
        catch
        {
            index.Dispose();
            throw;
        }
    }

    public ReadOnlySpan<int> ChildrenOf(in JsonToken token) => Children.Span.Slice(token.First, token.Count);

    public ReadOnlySpan<byte> Written(in JsonToken token) => Source.Slice(token.Start, token.Length);

    /// <summary>The canonical text of a scalar.</summary>
    public ReadOnlySpan<byte> Canonical(in JsonToken token) =>
        token.IsCanonical ? Written(token) : Rewritten.Span.Slice(token.First, token.Count);

    public ReadOnlySpan<byte> Key(in JsonToken token) =>
        (token.IsKeyRewritten ? Rewritten.Span : Source).Slice(token.KeyStart, token.KeyLength);

    /// <summary>The text of a string token, unescaped.</summary>
    public string Text(in JsonToken token) => CanonicalText.Unescape(Canonical(token)[1..^1]);

    public string KeyText(in JsonToken token) => Encoding.UTF8.GetString(Key(token));

    /// <summary>The member of that key, or -1.</summary>
    public int FindMember(in JsonToken token, ReadOnlySpan<byte> key)
    {
        var children = ChildrenOf(token);
        var low = 0;
        var high = children.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = Key(Tokens[children[middle]]).SequenceCompareTo(key);
            if (order == 0)
            {
                return children[middle];
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    public void Dispose()
    {
        Tokens.Dispose();
        Children.Dispose();
        Rewritten.Dispose();
    }
}
