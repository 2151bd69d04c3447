using System.Text.Unicode;

namespace DashStream;

/// <summary>
/// Checks that bytes are well-formed protobuf of a message type before the parser sees them: every length inside its parent, text in
/// UTF-8, nesting within what readers follow. The parser of Google.Protobuf 3.25 takes text that is not UTF-8 for other text, and leaves
/// its buffer on lengths near 2 GiB.
/// </summary>
internal ref struct WireCheck
{
    private const int DeepestLevel = 100;
    private const int WireTypeBits = 3;
    private const int WireTypeMask = 7;
    private const int VarintPayloadBits = 7;
    private const int MostVarintBits = 64;
    private const byte MoreFollows = 0x80;

    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;

    private WireCheck(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    // The numbers that the low three bits of a tag hold.
    private enum WireType
    {
        Varint = 0,
        Fixed64 = 1,
        LengthDelimited = 2,
        StartGroup = 3,
        EndGroup = 4,
        Fixed32 = 5,
    }

    /// <summary>Null when the bytes are well-formed, else what is wrong and where.</summary>
    public static string? FindFault(ReadOnlySpan<byte> bytes, MessageShape shape)
    {
        var check = new WireCheck(bytes);
        var fault = check.CheckFields(bytes.Length, shape, level: 0);
        return fault is null ? null : $"{fault} (byte {check._at} of {bytes.Length})";
    }

    private string? CheckFields(int end, MessageShape? shape, int level)
    {
        if (level > DeepestLevel)
        {
            return $"messages nest more than {DeepestLevel} levels deep";
        }

        while (_at < end)
        {
            if (!TryReadTag(end, out var number, out var type))
            {
                return "a field has no valid number";
            }

            var fault = CheckValue(end, number, type, shape, level);
            if (fault is not null)
            {
                return fault;
            }
        }

        return null;
    }

    private string? CheckValue(int end, uint number, WireType type, MessageShape? shape, int level) => type switch
    {
        WireType.Varint => TryReadVarint(end, out _) ? null : $"the number in field {number} does not end",
        WireType.Fixed64 => Skip(sizeof(ulong), end, number),
        WireType.Fixed32 => Skip(sizeof(uint), end, number),
        WireType.LengthDelimited => CheckDelimited(end, number, shape, level),
        WireType.StartGroup => CheckGroup(end, number, level + 1),
        _ => $"field {number} has a kind that is not allowed here",
    };

    private string? CheckDelimited(int end, uint number, MessageShape? shape, int level)
    {
        if (!TryReadVarint(end, out var length) || length > (ulong)(end - _at))
        {
            return $"field {number} is longer than what there is";
        }

        var field = shape?[number] ?? default;
        var fieldEnd = _at + (int)length;
        if (field.Content == FieldContent.Message)
        {
            return CheckFields(fieldEnd, field.Message, level + 1);
        }

        var isGood = field.Content switch
        {
            FieldContent.Text => Utf8.IsValid(_bytes[_at..fieldEnd]),
            FieldContent.PackedVarint => AreVarints(fieldEnd),
            FieldContent.PackedFixed32 => length % sizeof(uint) == 0,
            _ => true,
        };
        if (!isGood)
        {
            return field.Content == FieldContent.Text ? $"the text in field {number} is not UTF-8" : $"the list in field {number} is damaged";
        }

        _at = fieldEnd;
        return null;
    }

    /// <summary>Only unknown fields can be groups; what is inside is unknown too.</summary>
    private string? CheckGroup(int end, uint group, int level)
    {
        if (level > DeepestLevel)
        {
            return $"groups nest more than {DeepestLevel} levels deep";
        }

        while (TryReadTag(end, out var number, out var type))
        {
            if (type == WireType.EndGroup)
            {
                return number == group ? null : $"group {group} is closed by {number}";
            }

            var fault = CheckValue(end, number, type, shape: null, level);
            if (fault is not null)
            {
                return fault;
            }
        }

        return $"group {group} does not end";
    }

    private string? Skip(int bytes, int end, uint number)
    {
        if (bytes > end - _at)
        {
            return $"field {number} is longer than what there is";
        }

        _at += bytes;
        return null;
    }

    private bool AreVarints(int end)
    {
        while (_at < end)
        {
            if (!TryReadVarint(end, out _))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryReadTag(int end, out uint number, out WireType type)
    {
        var isRead = TryReadVarint(end, out var tag);
        number = (uint)(tag >> WireTypeBits);
        type = (WireType)(tag & WireTypeMask);
        return isRead && tag <= uint.MaxValue && number > 0;
    }

    private bool TryReadVarint(int end, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < MostVarintBits && _at < end; shift += VarintPayloadBits)
        {
            var next = _bytes[_at++];
            value |= (ulong)(next & (MoreFollows - 1)) << shift;
            if (next < MoreFollows)
            {
                return true;
            }
        }

        return false;
    }
}
