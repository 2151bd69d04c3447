namespace DashStream.State;

/// <summary>
/// A JSON patch (RFC 6902): operations that are applied all or not at all. Immutable and safe to use concurrently.
/// </summary>
public sealed class StatePatch
{
    internal StatePatch(ReadOnlyMemory<byte> json, ReadOnlySpan<OperationPlace> places)
    {
        Json = json;
        var operations = new StateOperation[places.Length];
        for (var i = 0; i < operations.Length; i++)
        {
            var place = places[i];
            var path = CanonicalText.Unescape(json.Span.Slice(place.PathStart, place.PathLength));
            operations[i] = new StateOperation(place.Kind, path, json.Slice(place.ValueStart, place.ValueLength));
        }

        Operations = operations;
    }

    private StatePatch(ReadOnlyMemory<byte> json, IReadOnlyList<StateOperation> operations)
    {
        Json = json;
        Operations = operations;
    }

    /// <summary>A patch without operations.</summary>
    public static StatePatch Empty { get; } = new("[]"u8.ToArray(), Array.Empty<StateOperation>());

    /// <summary>
    /// The patch as UTF-8 JSON: what <see cref="Parse"/> was given, or else compact, with members in the order op, path, value or op, from,
    /// path, and numbers as they were written.
    /// </summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>The operations, in the order they are applied in.</summary>
    public IReadOnlyList<StateOperation> Operations { get; }

    /// <summary>Makes a patch of operations. Whether they fit a state shows when they are applied.</summary>
    /// <param name="operations">The operations; add, replace and test have a value, move and copy a from.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <exception cref="StatePatchException">An operation lacks a part, or a value is not JSON.</exception>
    /// <exception cref="StreamException">There are too many operations, or they are too long (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    public static StatePatch Of(IEnumerable<StateOperation> operations, StateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(operations);
        var used = StateOptions.Checked(options);
        StateOperation[] list = [.. operations.Take(used.MaxOperations + (used.MaxOperations < int.MaxValue ? 1 : 0))];
        PatchText.LimitsOf(used).CheckItems(list.Length);
        return new StatePatch(PatchText.Write(list, used), list);
    }

    /// <summary>Reads a patch. Members that RFC 6902 does not know are passed over.</summary>
    /// <param name="json">The patch as UTF-8 JSON. It is not copied: leave it alone as long as the patch is used.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <exception cref="StatePatchException">An operation lacks a part, names one twice, or is none that RFC 6902 knows.</exception>
    /// <exception cref="StreamException">It is not a JSON array (<see cref="StreamErrorKind.Corrupt"/>) or over a limit (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    public static StatePatch Parse(ReadOnlyMemory<byte> json, StateOptions? options = null)
    {
        var used = StateOptions.Checked(options);
        return new StatePatch(json, PatchText.Read(json, used));
    }

    /// <summary>Applies the operations to a state. The given state is never changed: a failure leaves everything as it was.</summary>
    /// <param name="state">The state as UTF-8 JSON.</param>
    /// <param name="expected">The hash that the result must have; null to take any.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <returns>The new state as UTF-8 JSON; parts that no operation touched are spelled as before.</returns>
    /// <exception cref="StatePatchException">An operation does not fit the state, or the result is over a limit.</exception>
    /// <exception cref="StateHashMismatchException">The result has another hash.</exception>
    /// <exception cref="StreamException">The state is not JSON or over a limit.</exception>
    public byte[] ApplyTo(ReadOnlyMemory<byte> state, StateHash? expected = null, StateOptions? options = null)
    {
        var used = StateOptions.Checked(options);
        using var text = JsonIndex.Of(Json, PatchText.LimitsOf(used));
        using var editable = new EditableState(state, used);
        for (var i = 0; i < Operations.Count; i++)
        {
            editable.Apply(new PatchStep(i, Operations[i], text));
        }

        var result = editable.ToArray(Operations.Count - 1);
        if (expected is { } hash)
        {
            StateChecks.Verify(result, hash, used, editable.First);
        }

        return result;
    }
}
