namespace DashStream.State;

/// <summary>Where an operation's parts stand in the text of a patch.</summary>
internal struct OperationPlace
{
    public StateOperationKind Kind;

    /// <summary>The pointer inside its quotes, escaped as canonical JSON.</summary>
    public int PathStart;
    public int PathLength;

    public int ValueStart;
    public int ValueLength;
}
