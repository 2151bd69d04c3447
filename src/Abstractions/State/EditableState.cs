using System.Text;

namespace DashStream.State;

/// <summary>
/// A state while a patch is applied to it. Only containers on the way to a change are opened; everything else stays text. The
/// patch that values come from must live as long as this.
/// </summary>
internal sealed class EditableState : IDisposable
{
    private readonly StateOptions _options;
    private readonly JsonIndex _state;
    private readonly List<OpenContainer> _way = [];
    private StateSlot _root;

    public EditableState(ReadOnlyMemory<byte> state, StateOptions options)
    {
        _options = options;
        _state = JsonIndex.OfState(state, options);
        _root = new StateSlot(_state, 0);
    }

    /// <summary>The state as it was at first.</summary>
    public JsonIndex First => _state;

    public void Apply(PatchStep step)
    {
        switch (step.Operation.Kind)
        {
            case StateOperationKind.Add:
                Add(step, step.Value);
                break;
            case StateOperationKind.Remove:
                Remove(step, step.Operation.Path);
                break;
            case StateOperationKind.Replace:
                Replace(step, step.Value);
                break;
            case StateOperationKind.Move:
                Move(step);
                break;
            case StateOperationKind.Copy:
                Copy(step);
                break;
            case StateOperationKind.Test:
                Test(step);
                break;
            default:
                throw step.Refuse($"the kind {(int)step.Operation.Kind} is not one of RFC 6902");
        }

        if (_root.Size - 1 > _options.MaxStateBytes)
        {
            throw step.Refuse($"the state grows beyond the {_options.MaxStateBytes} bytes allowed", StreamErrorKind.TooLarge);
        }
    }

    public byte[] ToArray(int lastOperation)
    {
        using var text = new PooledList<byte>((int)_root.Size);
        new StateSlotWriter(text, _options.MaxDepth, Math.Max(0, lastOperation)).Write(_root, 0);
        return text.Span.ToArray();
    }

    public void Dispose() => _state.Dispose();

    private void Add(PatchStep step, StateSlot value)
    {
        var steps = step.Steps(step.Operation.Path);
        if (steps.Length == 0)
        {
            _root = value;
            return;
        }

        var parent = Open(step, steps);
        var place = parent.Find(steps[^1]);
        if (parent.Kind == JsonKind.Array)
        {
            Resize(parent.Insert(InsertionIndex(step, parent, steps[^1]), value));
        }
        else
        {
            Resize(place >= 0 ? parent.Replace(place, value) : parent.Insert(steps[^1], value));
        }
    }

    private StateSlot Remove(PatchStep step, string pointer)
    {
        var steps = step.Steps(pointer);
        if (steps.Length == 0)
        {
            throw step.Refuse("the whole state cannot be removed");
        }

        var parent = Open(step, steps);
        var place = Existing(step, parent, steps[^1]);
        var removed = parent.At(place);
        Resize(parent.Remove(place));
        return removed;
    }

    private void Replace(PatchStep step, StateSlot value)
    {
        var steps = step.Steps(step.Operation.Path);
        if (steps.Length == 0)
        {
            _root = value;
            return;
        }

        var parent = Open(step, steps);
        Resize(parent.Replace(Existing(step, parent, steps[^1]), value));
    }

    private void Move(PatchStep step)
    {
        var from = step.From;
        if (from == step.Operation.Path)
        {
            Find(step, from);
            return;
        }

        if (step.Operation.Path.StartsWith(from + "/", StringComparison.Ordinal))
        {
            throw step.Refuse("a value cannot be moved into itself");
        }

        Add(step, Remove(step, from));
    }

    private void Copy(PatchStep step)
    {
        var value = Find(step, step.From);
        value.Container?.IsShared = true;
        Add(step, value);
    }

    private void Test(PatchStep step)
    {
        var found = Find(step, step.Operation.Path);
        if (!StateSlotEquality.AreEqual(found, step.Value))
        {
            throw step.Refuse("the value there is not the one that the test asks for");
        }
    }

    private StateSlot Find(PatchStep step, string pointer)
    {
        var slot = _root;
        foreach (var name in step.Steps(pointer))
        {
            if (slot.Container is { } container)
            {
                slot = container.At(Existing(step, container, name));
            }
            else
            {
                slot = new StateSlot(slot.Document, Existing(step, slot, name));
            }
        }

        return slot;
    }

    /// <summary>Opens everything on the way to the last step and returns what holds that.</summary>
    private OpenContainer Open(PatchStep step, string[] steps)
    {
        _way.Clear();
        ref var slot = ref _root;
        for (var i = 0; ; i++)
        {
            var container = Own(step, ref slot);
            _way.Add(container);
            if (i == steps.Length - 1)
            {
                return container;
            }

            slot = ref container.At(Existing(step, container, steps[i]));
        }
    }

    private static OpenContainer Own(PatchStep step, ref StateSlot slot)
    {
        if (slot.Kind is not (JsonKind.Array or JsonKind.Object))
        {
            throw step.Refuse("the pointer goes through a value that is neither object nor array");
        }

        if (slot.Container is null)
        {
            slot.Container = OpenContainer.Open(slot.Document, slot.Value);
        }
        else if (slot.Container.IsShared)
        {
            slot.Container = slot.Container.Copy();
        }

        return slot.Container;
    }

    private void Resize(long bytes)
    {
        foreach (var container in _way)
        {
            container.Size += bytes;
        }
    }

    private static int InsertionIndex(PatchStep step, OpenContainer array, string name)
    {
        if (name == JsonPointer.AfterLast)
        {
            return array.Count;
        }

        return JsonPointer.TryIndex(name, out var index) && index <= array.Count
            ? index
            : throw step.Refuse("the last step is no index of the array, nor the one after its last");
    }

    private static int Existing(PatchStep step, OpenContainer container, string name) =>
        container.Find(name) is >= 0 and var place ? place : throw step.Missing();

    private static int Existing(PatchStep step, in StateSlot slot, string name)
    {
        ref var token = ref slot.Value;
        var found = token.Kind switch
        {
            JsonKind.Object => slot.Document.FindMember(token, Encoding.UTF8.GetBytes(name)),
            JsonKind.Array when JsonPointer.TryIndex(name, out var index) && index < token.Count => slot.Document.ChildrenOf(token)[index],
            _ => -1,
        };
        return found >= 0 ? found : throw step.Missing();
    }
}
