using System.Text;

namespace DashStream;

/// <summary>One record header: a UTF-8 name and bytes. A record keeps its headers in order, and a name may stand more than once.</summary>
public readonly struct StreamHeader
{
    /// <summary>A header with a binary value.</summary>
    /// <param name="name">Not empty, no NUL, valid Unicode (no lone surrogates).</param>
    /// <param name="value">The bytes; may be empty.</param>
    /// <exception cref="ArgumentException">The name cannot be stored as UTF-8 without being changed.</exception>
    public StreamHeader(string name, ReadOnlyMemory<byte> value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!IsStorable(name))
        {
            throw new ArgumentException("A header name must be valid Unicode without NUL, since it is stored as UTF-8 unchanged.", nameof(name));
        }

        Name = name;
        Value = value;
    }

    /// <summary>A header with a text value, stored as UTF-8.</summary>
    /// <exception cref="ArgumentException">The name or the value is not valid Unicode.</exception>
    public StreamHeader(string name, string value)
        : this(name, Encode(value))
    {
    }

    /// <summary>The name as given; look-ups ignore case.</summary>
    public string Name { get; }

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>The value read as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Value.Span);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Value.Length} bytes)";

    private static byte[] Encode(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        try
        {
            return StrictUtf8.GetBytes(value);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException("A header text must be valid Unicode.", nameof(value), e);
        }
    }

    private static bool IsStorable(string name)
    {
        if (name.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        for (var i = 0; i < name.Length; i++)
        {
            if (!char.IsSurrogate(name[i]))
            {
                continue;
            }

            if (!char.IsHighSurrogate(name[i]) || i + 1 == name.Length || !char.IsLowSurrogate(name[++i]))
            {
                return false;
            }
        }

        return true;
    }

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
