namespace DashStream.State;

/// <summary>Reads one operation of a patch's text.</summary>
internal static class PatchOperationReader
{
    private const int Absent = -1;

    public static StateOperation Read(JsonIndex index, int number)
    {
        var token = index.Tokens[index.ChildrenOf(index.Root)[number]];
        if (token.Kind != JsonKind.Object)
        {
            throw Malformed("it is not an object", number, null);
        }

        RefuseDoubles(index, index.ChildrenOf(index.Root)[number], number);
        var path = Text(index, token, "path"u8, number, null) ?? throw Malformed("it has no path", number, null);
        var name = Text(index, token, "op"u8, number, path) ?? throw Malformed("it has no op", number, path);
        var kind = PatchText.KindOf(name) ?? throw Malformed("its op is not one of add, remove, replace, move, copy and test", number, path);
        var from = PatchText.HasFrom(kind) ? Text(index, token, "from"u8, number, path) ?? throw Malformed("it has no from", number, path) : null;
        return new StateOperation(kind, path, PatchText.HasValue(kind) ? Value(index, token, number, path) : default, from);
    }

    private static string? Text(JsonIndex index, in JsonToken token, ReadOnlySpan<byte> key, int number, string? path)
    {
        var member = index.FindMember(token, key);
        if (member == Absent)
        {
            return null;
        }

        ref var value = ref index.Tokens[member];
        return value.Kind == JsonKind.Text
            ? index.Text(value)
            : throw Malformed("its op, path or from is not a string", number, path);
    }

    private static ReadOnlyMemory<byte> Value(JsonIndex index, in JsonToken token, int number, string path)
    {
        var member = index.FindMember(token, "value"u8);
        if (member == Absent)
        {
            throw Malformed("it has no value", number, path);
        }

        ref var value = ref index.Tokens[member];
        return index.SourceMemory.Slice(value.Start, value.Length);
    }

    /// <summary>Two paths in one operation mean different things to different readers, so neither is taken.</summary>
    private static void RefuseDoubles(JsonIndex index, int operation, int number)
    {
        var seen = 0;
        ref var whole = ref index.Tokens[operation];
        var end = whole.Start + whole.Length;
        for (var i = operation + 1; i < index.Tokens.Count && index.Tokens[i].Start < end; i = Next(index, i))
        {
            var part = PartOf(index.Key(index.Tokens[i]));
            if ((seen & part) != 0)
            {
                throw Malformed("it names one of its parts twice", number, null);
            }

            seen |= part;
        }
    }

    private static int Next(JsonIndex index, int token)
    {
        var end = index.Tokens[token].Start + index.Tokens[token].Length;
        var next = token + 1;
        while (next < index.Tokens.Count && index.Tokens[next].Start < end)
        {
            next++;
        }

        return next;
    }

    private static int PartOf(ReadOnlySpan<byte> key)
    {
        if (key.SequenceEqual("op"u8))
        {
            return 1;
        }

        if (key.SequenceEqual("path"u8))
        {
            return 1 << 1;
        }

        if (key.SequenceEqual("from"u8))
        {
            return 1 << 2;
        }

        return key.SequenceEqual("value"u8) ? 1 << 3 : 0;
    }

    private static StatePatchException Malformed(string reason, int number, string? path) => new(StreamErrorKind.Corrupt, reason, number, path);
}
