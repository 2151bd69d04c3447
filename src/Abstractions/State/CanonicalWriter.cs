using System.Security.Cryptography;

namespace DashStream.State;

/// <summary>Writes values of an indexed document compactly and in canonical order, with canonical numbers or with those that are written.</summary>
/// <param name="index">The document.</param>
/// <param name="output">Where the text goes.</param>
/// <param name="keepNumbers">Numbers as written.</param>
/// <param name="drain">Takes the output whenever enough of it has gathered.</param>
internal readonly struct CanonicalWriter(JsonIndex index, PooledList<byte> output, bool keepNumbers = false, IncrementalHash? drain = null)
{
    private const int DrainAt = 64 << 10;
    private const int HashWhole = 1 << 20;

    public static StateHash Hash(JsonIndex index)
    {
        Span<byte> hash = stackalloc byte[StateHash.ByteLength];
        if (index.Root.IsCanonical)
        {
            SHA256.HashData(index.Written(index.Root), hash);
        }
        else if (index.Root.Size <= HashWhole)
        {
            using var text = new PooledList<byte>(index.Root.Size);
            new CanonicalWriter(index, text).Write(0);
            SHA256.HashData(text.Span, hash);
        }
        else
        {
            HashInParts(index, hash);
        }

        return new StateHash(hash);
    }

    public void Write(int tokenIndex)
    {
        ref var token = ref index.Tokens[tokenIndex];
        if (token.IsCanonical || (keepNumbers && token.Kind == JsonKind.Number))
        {
            Put(index.Written(token));
        }
        else if (token.Kind == JsonKind.Object)
        {
            WriteObject(token);
        }
        else if (token.Kind == JsonKind.Array)
        {
            WriteArray(token);
        }
        else
        {
            Put(index.Canonical(token));
        }
    }

    private static void HashInParts(JsonIndex index, Span<byte> hash)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var part = new PooledList<byte>(2 * DrainAt);
        new CanonicalWriter(index, part, drain: sha).Write(0);
        sha.AppendData(part.Span);
        sha.GetHashAndReset(hash);
    }

    private void WriteObject(in JsonToken token)
    {
        var separator = (byte)'{';
        foreach (var child in index.ChildrenOf(token))
        {
            output.Add(separator);
            separator = (byte)',';
            WriteKey(index.Tokens[child]);
            output.Add((byte)':');
            Write(child);
        }

        output.Add(token.Count == 0 ? "{}"u8 : "}"u8);
    }

    private void WriteArray(in JsonToken token)
    {
        var separator = (byte)'[';
        foreach (var child in index.ChildrenOf(token))
        {
            output.Add(separator);
            separator = (byte)',';
            Write(child);
        }

        output.Add(token.Count == 0 ? "[]"u8 : "]"u8);
    }

    private void WriteKey(in JsonToken token)
    {
        if (token.IsKeyRewritten)
        {
            CanonicalText.Write(index.Key(token), output);
            return;
        }

        output.Add((byte)'"');
        output.Add(index.Key(token));
        output.Add((byte)'"');
    }

    private void Put(ReadOnlySpan<byte> text)
    {
        if (drain is null || output.Count + text.Length < DrainAt)
        {
            output.Add(text);
            return;
        }

        drain.AppendData(output.Span);
        output.Truncate(0);
        drain.AppendData(text);
    }
}
