namespace DashStream.State;

/// <summary>A value of a state under change: a token of some document, or a container that has been opened.</summary>
internal struct StateSlot
{
    public JsonIndex Document;
    public int Token;
    public OpenContainer? Container;

    public StateSlot(JsonIndex document, int token)
    {
        Document = document;
        Token = token;
    }

    public readonly ref JsonToken Value => ref Document.Tokens[Token];

    public readonly JsonKind Kind => Container is null ? Value.Kind : Container.Kind;

    /// <summary>Bytes of its text.</summary>
    public readonly long Size => Container?.Size ?? Value.Length;
}
