using System.Runtime.InteropServices;

namespace DashStream.State;

/// <summary>One value of an indexed document, in the order of the text, so that the root is token 0.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct JsonToken
{
    public JsonKind Kind;

    /// <summary>The text as written is the canonical text.</summary>
    public bool IsCanonical;

    /// <summary>The key stands unescaped among the rewritten texts, not in the source, and its canonical text has escapes.</summary>
    public bool IsKeyRewritten;

    /// <summary>The key as written is not canonical.</summary>
    public bool IsKeyForeign;

    /// <summary>How many levels of containers it has, itself included; 0 for a scalar.</summary>
    public short Height;

    /// <summary>The value as written, a string with its quotes.</summary>
    public int Start;
    public int Length;

    /// <summary>The member's key, unescaped and without quotes.</summary>
    public int KeyStart;
    public int KeyLength;

    /// <summary>A container's children, or the canonical text of a scalar that is written otherwise.</summary>
    public int First;
    public int Count;

    /// <summary>Bytes of the canonical text.</summary>
    public int Size;

    /// <summary>Bytes of the compact text with numbers as written.</summary>
    public int CompactSize;

    /// <summary>Made when first asked for; 0 before.</summary>
    public ulong Fingerprint;
}
