namespace DashStream.State;

/// <summary>What a token is. Null, true and false are told apart by their text.</summary>
internal enum JsonKind : byte
{
    Literal,
    Number,
    Text,
    Array,
    Object,
}
