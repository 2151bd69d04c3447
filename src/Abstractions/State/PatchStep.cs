namespace DashStream.State;

/// <summary>The operation being applied, for its pointers and the words of a refusal.</summary>
/// <param name="Number">Its place in the patch.</param>
/// <param name="Operation">The operation.</param>
/// <param name="Patch">The patch's text, where the value stands.</param>
internal readonly record struct PatchStep(int Number, StateOperation Operation, JsonIndex Patch)
{
    public StateSlot Value
    {
        get
        {
            ref var operation = ref Patch.Tokens[Patch.ChildrenOf(Patch.Root)[Number]];
            return new StateSlot(Patch, Patch.FindMember(operation, "value"u8));
        }
    }

    public string From => Operation.From ?? throw Refuse("it has no from");

    public string[] Steps(string pointer) => JsonPointer.Parse(pointer, Number, Operation.Path);

    public StatePatchException Refuse(string reason, StreamErrorKind kind = StreamErrorKind.InvalidRequest) =>
        new(kind, reason, Number, Operation.Path);

    public StatePatchException Missing() => Refuse("a step of the pointer leads nowhere in the state");
}
