namespace DashStream.State;

/// <summary>What a container's children say of it: sizes, height, and whether its text is canonical.</summary>
internal static class JsonMeasure
{
    public static void Set(JsonIndex index, ref JsonToken token, ReadOnlySpan<int> children, bool isSorted)
    {
        var tokens = index.Tokens.Span;
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
            keys += isObject ? KeySize(index, value) : 0;
        }

        token.Size += keys;
        token.CompactSize += keys;
        token.IsCanonical &= token.Size == token.Length;
    }

    private static int KeySize(JsonIndex index, in JsonToken value) =>
        (value.IsKeyRewritten ? CanonicalText.EscapedLength(index.Key(value)) : value.KeyLength) + "\"\":".Length;
}
