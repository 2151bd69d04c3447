using System.Buffers;

namespace DashStream.State;

/// <summary>
/// The one spelling of a JSON value that hashes and sizes are taken of: compact; the last of equal keys, keys in the order of their UTF-8
/// bytes; only what must be escaped is; whole numbers that fit 64 bits without a point, all others as the shortest text of the double that
/// the DashFlow implementation reads them as. Safe to call concurrently.
/// </summary>
public static class CanonicalJson
{
    /// <summary>How many bytes the canonical text has; it is not built.</summary>
    /// <param name="json">The value as UTF-8 JSON, in any spelling.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <exception cref="StreamException">It is not JSON (<see cref="StreamErrorKind.Corrupt"/>) or over a limit (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    public static int Size(ReadOnlyMemory<byte> json, StateOptions? options = null)
    {
        using var state = JsonIndex.OfState(json, StateOptions.Checked(options));
        return state.Root.Size;
    }

    /// <summary>Writes the canonical text.</summary>
    /// <param name="json">The value as UTF-8 JSON, in any spelling.</param>
    /// <param name="output">Where the text goes. Nothing is written when the value is refused.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <exception cref="StreamException">It is not JSON (<see cref="StreamErrorKind.Corrupt"/>) or over a limit (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    public static void Write(ReadOnlyMemory<byte> json, IBufferWriter<byte> output, StateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        using var state = JsonIndex.OfState(json, StateOptions.Checked(options));
        using var text = new PooledList<byte>(state.Root.Size);
        new CanonicalWriter(state, text).Write(0);
        output.Write(text.Span);
    }
}
