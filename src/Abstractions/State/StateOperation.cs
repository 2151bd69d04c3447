namespace DashStream.State;

/// <summary>One operation of a patch. Immutable as long as the bytes given to it are left alone.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Path">Where, as an RFC 6901 pointer; empty for the whole state.</param>
/// <param name="Value">The value as UTF-8 JSON, for add, replace and test; empty for the others.</param>
/// <param name="From">Where move and copy take the value from; null for the others.</param>
public sealed record StateOperation(StateOperationKind Kind, string Path, ReadOnlyMemory<byte> Value = default, string? From = null);
