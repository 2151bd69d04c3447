namespace DashStream;

/// <summary>Which schema versions a reader accepts. The version of this library is 1; a version of 0 counts as 1.</summary>
public enum SchemaCompatibility
{
    /// <summary>Only the reader's own version.</summary>
    Exact,

    /// <summary>The reader's own version and newer ones, whose additions it does not know but keeps.</summary>
    ForwardCompatible,

    /// <summary>The reader's own version and older ones.</summary>
    BackwardCompatible,

    /// <summary>Every version: for tools that show what is there.</summary>
    Any,
}
