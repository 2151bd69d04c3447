using System.Security.Cryptography;

namespace DashStream.State;

/// <summary>Finds the patch that leads from one state to another. Safe to call concurrently.</summary>
public static class StateDiffer
{
    private const int FullStatePercent = 11;
    private const int FullStateBase = 10;

    /// <summary>Compares two states.</summary>
    /// <param name="before">The state to start from, as UTF-8 JSON.</param>
    /// <param name="after">The state to arrive at, as UTF-8 JSON. The result keeps no reference to it.</param>
    /// <param name="options">The limits and the rule for full states; null for the defaults.</param>
    /// <returns>The patch, the sizes and hashes, and whether the whole state is the better thing to send.</returns>
    /// <exception cref="StreamException">A state is not JSON (<see cref="StreamErrorKind.Corrupt"/>) or over a limit (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    public static StateDiffResult Compare(ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, StateOptions? options = null)
    {
        var used = StateOptions.Checked(options);
        using var old = JsonIndex.Of(before, new JsonReadLimits("The old state", used.MaxStateBytes, used.MaxDepth));
        using var @new = JsonIndex.Of(after, new JsonReadLimits("The new state", used.MaxStateBytes, used.MaxDepth), old);
        return Compare(old, @new, used, null);
    }

    /// <summary>Compares two states that have been read. Neither may be in use elsewhere meanwhile.</summary>
    /// <param name="before">The state to start from. Its options hold.</param>
    /// <param name="after">The state to arrive at, best made by <see cref="PreparedState.Next"/> of the other. The result keeps no reference to it.</param>
    /// <returns>The patch, the sizes and hashes, and whether the whole state is the better thing to send.</returns>
    /// <exception cref="ObjectDisposedException">A state was disposed.</exception>
    public static StateDiffResult Compare(PreparedState before, PreparedState after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return Compare(before.Index, after.Index, before.Options, after.Hash);
    }

    private static StateDiffResult Compare(JsonIndex old, JsonIndex @new, StateOptions options, StateHash? hash)
    {
        using var writer = new PatchWriter(@new);
        var original = new StateComparison(old, @new, writer).Compare(0, 0);
        if (writer.Here.Places > options.MaxOperations || writer.Here.Text >= options.MaxPatchBytes)
        {
            writer.Rewind(default);
            writer.Put(StateOperationKind.Replace, 0);
        }

        var patch = writer.Finish();
        var patchSize = original == 0 ? "[]".Length : original + 1;
        var measured = options.FullStateRule == FullStateRule.Original ? patchSize : patch.Json.Length;
        return new StateDiffResult(patch, patchSize, @new.Root.Size)
        {
            UseFullState = measured > (long)@new.Root.Size * FullStatePercent / FullStateBase || patch.Json.Length > options.MaxPatchBytes,
            StateHash = hash ?? CanonicalWriter.Hash(@new),
            PatchHash = new StateHash(SHA256.HashData(patch.Json.Span)),
        };
    }
}
