namespace DashStream.State;

/// <summary>What an operation of RFC 6902 does. The numbers are those of the wire format.</summary>
public enum StateOperationKind
{
    /// <summary>Puts a value into an object, replacing one of that key, or into an array before the element of that index.</summary>
    Add = 0,

    /// <summary>Takes a value out.</summary>
    Remove = 1,

    /// <summary>Puts a value in the place of another.</summary>
    Replace = 2,

    /// <summary>Takes a value out and adds it elsewhere.</summary>
    Move = 3,

    /// <summary>Adds a value a second time.</summary>
    Copy = 4,

    /// <summary>Fails the patch unless the value at the path equals the given one; whole numbers and numbers with a point are never equal.</summary>
    Test = 5,
}
