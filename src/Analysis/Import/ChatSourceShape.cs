using System.Text.Json;

namespace DashStream.Analysis;

/// <summary>What form a source of runs has, told from its first bytes.</summary>
/// <param name="Start">Where the text begins, behind a byte order mark.</param>
/// <param name="IsArray">One JSON array of runs or messages.</param>
/// <param name="IsLines">JSON Lines; otherwise (and no array) JSON values one after another, broken into lines at will.</param>
internal readonly record struct ChatSourceShape(int Start, bool IsArray, bool IsLines)
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    public static ChatSourceShape Of(ReadOnlySpan<byte> head, bool isWhole, string name)
    {
        var start = head.StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        var text = head[start..].TrimStart(" \t\r\n"u8);
        if (text.IsEmpty)
        {
            throw new ImportException(name, null, null, "there is nothing in it; expected are chat runs as JSON or JSON Lines");
        }

        return text[0] switch
        {
            (byte)'[' => new ChatSourceShape(start, IsArray: true, IsLines: false),
            (byte)'{' => new ChatSourceShape(start, IsArray: false, IsLines: FirstLineIsClosed(text, isWhole)),
            _ => throw new ImportException(name, null, null,
                $"it begins with byte 0x{text[0]:X2}; expected is UTF-8 JSON that begins with '[' or '{{'"),
        };
    }

    /// <summary>A first line that is a whole value (or plain nonsense, which is then that line's fault alone) means JSON Lines.</summary>
    private static bool FirstLineIsClosed(ReadOnlySpan<byte> text, bool isWhole)
    {
        var end = text.IndexOf((byte)'\n');
        if (end < 0)
        {
            // A first line longer than the probe: only JSON Lines has those in practice, and a single object reads the same.
            return true;
        }

        var reader = new Utf8JsonReader(text[..end], isFinalBlock: false, state: default);
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth == 0 && reader.TokenType == JsonTokenType.EndObject)
                {
                    return true;
                }
            }

            return isWhole && !text[(end + 1)..].ContainsAnyExcept(" \t\r\n"u8);
        }
        catch (JsonException)
        {
            return true;
        }
    }
}
