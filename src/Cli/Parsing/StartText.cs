namespace DashStream.Cli.Parsing;

/// <summary>Where to begin, as users write it: <c>beginning</c>, <c>end</c>, a position <c>P@O</c>, or a time.</summary>
internal sealed record StartText(SeekTarget Target, int? Partition)
{
    public const string Forms = "beginning, end, PARTITION@OFFSET, or a time: " + TimeText.Forms;

    public static StartText Beginning { get; } = new(SeekTarget.Beginning, null);

    public static StartText End { get; } = new(SeekTarget.End, null);

    public static bool TryParse(string text, DateTimeOffset now, out StartText start)
    {
        start = Beginning;
        switch (text.ToLowerInvariant())
        {
            case "beginning" or "start" or "earliest":
                return true;
            case "end" or "latest":
                start = End;
                return true;
        }

        if (StreamPosition.TryParse(text, null, out var position))
        {
            start = new StartText(SeekTarget.At(position.Offset), position.Partition);
            return true;
        }

        if (!TimeText.TryParse(text, now, out var timestampUs))
        {
            return false;
        }

        start = new StartText(SeekTarget.Time(timestampUs), null);
        return true;
    }
}
