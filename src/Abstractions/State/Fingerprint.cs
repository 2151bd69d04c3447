using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace DashStream.State;

/// <summary>
/// A 64-bit number of a value's canonical content, to find equal subtrees by. The seed differs from process to process, so nobody can
/// prepare collisions; and whoever finds two equal numbers compares the values all the same.
/// </summary>
internal static class Fingerprint
{
    private const ulong Odd = 0x9e3779b97f4a7c15;
    private const int Wide = 2 * sizeof(ulong);

    private static readonly ulong Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;

    public static ulong Of(JsonIndex index, int tokenIndex)
    {
        ref var token = ref index.Tokens[tokenIndex];
        if (token.Fingerprint == 0)
        {
            token.Fingerprint = Math.Max(1, Make(index, token));
        }

        return token.Fingerprint;
    }

    private static ulong Make(JsonIndex index, in JsonToken token)
    {
        var state = Mix(Seed ^ (ulong)token.Kind, Odd);
        if (token.Kind is not (JsonKind.Array or JsonKind.Object))
        {
            return Add(state, index.Canonical(token));
        }

        foreach (var child in index.ChildrenOf(token))
        {
            state = token.Kind == JsonKind.Object ? Add(state, index.Key(index.Tokens[child])) : state;
            state = Mix(state ^ Of(index, child), Odd ^ Seed);
        }

        return Mix(state ^ (ulong)token.Count, Odd);
    }

    private static ulong Add(ulong state, ReadOnlySpan<byte> bytes)
    {
        state ^= Mix((ulong)bytes.Length ^ Seed, Odd);
        for (; bytes.Length >= Wide; bytes = bytes[Wide..])
        {
            state = Mix(state ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes), Seed ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(ulong)..]));
        }

        if (bytes.IsEmpty)
        {
            return state;
        }

        Span<byte> rest = stackalloc byte[Wide];
        rest.Clear();
        bytes.CopyTo(rest);
        return Mix(state ^ BinaryPrimitives.ReadUInt64LittleEndian(rest), Seed ^ BinaryPrimitives.ReadUInt64LittleEndian(rest[sizeof(ulong)..]));
    }

    // A zero factor would forget the state, so the state is carried past the product.
    private static ulong Mix(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return BitOperations.RotateLeft(left, 23) ^ high ^ low;
    }
}
