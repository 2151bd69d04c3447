using System.CommandLine;

namespace DashStream.Cli.Commands;

/// <summary><c>dlq VERB --from URI --topic T</c>: looks through dead letters, edits, replays and removes them.</summary>
internal static class DlqCommand
{
    public static Command Make(Terminal terminal, ProviderFactory stores) => new("dlq", "Look through dead letters, edit them, send their messages again, remove them")
    {
        DlqListCommand.Make(terminal, stores),
        DlqShowCommand.Make(terminal, stores),
        DlqEditCommand.Make(terminal, stores),
        DlqReplayCommand.Make(terminal, stores),
        DlqPurgeCommand.Make(terminal, stores),
    };

    public static Option<string> Topic() => CommonOptions.Topic("The topic of the dead letters, such as events.dlq", required: true);

    public static Argument<string> Letter() => new("LETTER") { Description = "The letter's id or position, as list prints them" };

    /// <summary>The letter of that id, or at that position.</summary>
    public static async Task<StoredDeadLetter> FindAsync(DeadLetterReader letters, string text, CancellationToken cancellationToken)
    {
        var isPosition = StreamPosition.TryParse(text, null, out var position);
        var filter = isPosition ? null : new DeadLetterFilter { Ids = [text] };
        await foreach (var letter in letters.ReadAsync(filter, cancellationToken))
        {
            if (!isPosition || letter.Position == position)
            {
                return letter;
            }
        }

        throw new StreamException(StreamErrorKind.NotFound, $"Topic '{letters.Topic}' has no dead letter '{text}' (or only an older edit of it); see: dashstream dlq list");
    }
}
