using DashStream.State;

namespace DashStream.AgUi;

/// <summary>Follows the state of a stream: whether patches are patches and fit. A patch that does not leaves the state as it was.</summary>
internal sealed class AgUiStateCheck(AgUiFindings findings, StateOptions? options)
{
    private ReadOnlyMemory<byte>? _state;
    private bool _hasDeltas;

    public ReadOnlyMemory<byte>? State => _state;

    public void Start(AgUiEvent started)
    {
        _hasDeltas = false;
        if (started.TryGet("input", out var input) && input.Span[0] == '{' && AgUiJson.TryMember(input, "state", out var state) && !JsonScalar.IsNull(state.Span))
        {
            _state = state;
        }
    }

    public void Replace(AgUiEvent item)
    {
        if (!item.TryGet("snapshot", out var snapshot))
        {
            return;
        }

        if (_hasDeltas)
        {
            findings.Add(AgUiRule.StateReplaced, "a whole state takes the place of the patches before it");
        }

        (_state, _hasDeltas) = (snapshot, false);
    }

    public void Change(AgUiEvent item)
    {
        if (!item.TryGet("delta", out var delta) || Read(delta, "delta") is not { } patch)
        {
            return;
        }

        _hasDeltas = true;
        if (_state is not { } state)
        {
            findings.Add(AgUiRule.DeltaWithoutState, "the state that the patch is for was not told; begin with a STATE_SNAPSHOT", "delta");
            return;
        }

        try
        {
            _state = patch.ApplyTo(state, options: options);
        }
        catch (StreamException e)
        {
            findings.Add(AgUiRule.DeltaDoesNotApply, $"the patch does not fit the state, which stays as it was: {e.Message} Send a STATE_SNAPSHOT", "delta");
        }
    }

    /// <summary>Whether a patch is one, also of an activity.</summary>
    public StatePatch? Read(ReadOnlyMemory<byte> json, string field)
    {
        try
        {
            var patch = StatePatch.Parse(json, options);
            if (patch.Operations.FirstOrDefault(operation => !IsPointer(operation.Path) || !IsPointer(operation.From ?? "")) is null)
            {
                return patch;
            }

            findings.Add(AgUiRule.DeltaIsNoPatch, "a path is no JSON pointer; begin it with a slash and write ~ as ~0", field);
        }
        catch (StreamException e)
        {
            findings.Add(AgUiRule.DeltaIsNoPatch, $"it is no JSON patch (RFC 6902): {e.Message}", field);
        }

        return null;
    }

    private static bool IsPointer(string path)
    {
        if (path.Length > 0 && path[0] != '/')
        {
            return false;
        }

        for (var i = path.IndexOf('~', StringComparison.Ordinal); i >= 0; i = path.IndexOf('~', i + 1))
        {
            if (i + 1 == path.Length || path[i + 1] is not '0' and not '1')
            {
                return false;
            }
        }

        return true;
    }
}
