namespace DashStream;

/// <summary>What the bytes of a length-delimited field must be.</summary>
internal enum FieldContent
{
    Anything,
    Text,
    Message,
    PackedVarint,
    PackedFixed32,
}
