namespace DashStream;

/// <summary>What a field holds, and the shape of the message in it if it is one.</summary>
internal readonly record struct FieldShape(FieldContent Content, MessageShape? Message);
