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
        using var writer = new PatchWriter(@new);
        var original = new StateComparison(old, @new, writer).Compare(0, 0);
        if (writer.Here.Places > used.MaxOperations || writer.Here.Text >= used.MaxPatchBytes)
        {
            writer.Rewind(default);
            writer.Put(StateOperationKind.Replace, 0);
        }

        var patch = writer.Finish();
        var patchSize = original == 0 ? "[]".Length : original + 1;
        var measured = used.FullStateRule == FullStateRule.Original ? patchSize : patch.Json.Length;
        return new StateDiffResult(patch, patchSize, @new.Root.Size)
        {
            UseFullState = measured > (long)@new.Root.Size * FullStatePercent / FullStateBase || patch.Json.Length > used.MaxPatchBytes,
            StateHash = CanonicalWriter.Hash(@new),
            PatchHash = new StateHash(SHA256.HashData(patch.Json.Span)),
        };
    }
}
