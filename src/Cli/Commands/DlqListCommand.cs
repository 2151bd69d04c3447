using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DashStream.Cli.DeadLetters;
using DashStream.Cli.Output;
using DashStream.Cli.Secrets;
using Spectre.Console;

namespace DashStream.Cli.Commands;

/// <summary><c>dlq list</c>: the letters of a topic, or how many there are.</summary>
internal static class DlqListCommand
{
    private const int DefaultLimit = 100;
    private const int LongestError = 80;

    public static Command Make(Terminal terminal, ProviderFactory stores)
    {
        var from = CommonOptions.From();
        var topic = DlqCommand.Topic();
        var format = CommonOptions.Format("text", "text", "jsonl");
        var limit = CommonOptions.Limit($"Most letters to print. Default {DefaultLimit}; a note tells how to go on");
        var after = new Option<string>("--after") { Description = "Go on behind this position, as the note of the previous call says", HelpName = "POSITION" };
        after.Validators.Add(result => CommonOptions.ForValue(result, value =>
            StreamPosition.TryParse(value, null, out _) ? null : $"--after '{value}' is no position; write PARTITION@OFFSET"));
        var totals = new Option<bool>("--totals") { Description = "Print numbers only" };
        var showSecrets = ReportRedaction.ShowSecrets();
        var filter = new LetterFilterOptions();
        var command = new Command("list", "List dead letters") { from, topic, format, limit, after, totals, showSecrets };
        filter.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var store = stores.OpenExisting(parsed.GetRequiredValue(from));
            var letters = new DeadLetterReader(store.Provider, parsed.GetRequiredValue(topic));
            if (parsed.GetValue(totals))
            {
                return Print(await letters.CountAsync(filter.FilterOf(parsed), cancellationToken), parsed.GetValue(format)!, terminal);
            }

            StreamPosition? start = StreamPosition.TryParse(parsed.GetValue(after), null, out var position) ? position : null;
            var size = (int)Math.Clamp(parsed.GetValue(limit) ?? DefaultLimit, 1, int.MaxValue);
            var page = await letters.GetPageAsync(filter.FilterOf(parsed), size, start, cancellationToken);
            return Print(page, parsed.GetValue(format)!, new LetterText(ReportRedaction.Of(parsed.GetValue(showSecrets))), terminal);
        });
        return command;
    }

    private static int Print(DeadLetterPage page, string format, LetterText text, Terminal terminal)
    {
        if (format == "jsonl")
        {
            JsonLines.Write(terminal.Out, page.Letters, text.WriteMembers);
        }
        else
        {
            terminal.Tables().Write(TableOf(page.Letters, text));
        }

        terminal.Out.Flush();
        foreach (var position in page.Unreadable)
        {
            terminal.Err.WriteLine($"unreadable: {position}: the record is no dead letter");
        }

        var code = page.Unreadable.Count == 0 ? ExitCodes.Ok : ExitCodes.Incomplete;
        return terminal.Say($"{page.Letters.Count:N0} dead letters{(page.Next is { } next ? $"; there are more: --after {next}" : "")}", code);
    }

    private static int Print(DeadLetterTotals totals, string format, Terminal terminal)
    {
        if (format == "jsonl")
        {
            JsonLines.Write(terminal.Out, [totals], Write);
            return ExitCodes.Ok;
        }

        var table = Tables.New("what", "letters");
        table.AddRow("all", Tables.Number(totals.Letters));
        foreach (var (stage, count) in totals.ByStage)
        {
            table.AddRow($"stage {stage.ToString().ToLowerInvariant()}", Tables.Number(count));
        }

        foreach (var (type, count) in totals.ByErrorType.Select(pair => ($"error type {pair.Key}", pair.Value))
            .Concat(totals.BySourceTopic.Select(pair => ($"source {pair.Key}", pair.Value))))
        {
            table.AddRow(LetterText.Visible(type).EscapeMarkup(), Tables.Number(count));
        }

        terminal.Tables().Write(table);
        return ExitCodes.Ok;
    }

    private static Table TableOf(IReadOnlyList<StoredDeadLetter> letters, LetterText text)
    {
        var table = Tables.New("position", "time", "stage", "error type", "source", "thread", "attempts", "bytes", "error");
        foreach (var letter in letters)
        {
            var document = letter.Document;
            string[] row =
            [
                letter.Position.ToString() ?? "",
                document.Time?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? document.Timestamp,
                LetterText.StageOf(letter),
                document.ErrorType,
                $"{text.Name(document.SourceTopic)} {letter.SourcePosition?.ToString() ?? "-"}",
                text.Name(document.ThreadId) ?? "-",
                Tables.Number(letter.Attempts),
                Tables.Number(document.FullSizeBytes),
                Short(text.ErrorOf(letter)),
            ];
            table.AddRow([.. row.Select(cell => LetterText.Visible(cell).EscapeMarkup())]);
        }

        return table;
    }

    private static string Short(string error)
    {
        var line = error.ReplaceLineEndings(" ");
        return line.Length <= LongestError ? line : line[..LongestError] + "...";
    }

    private static void Write(Utf8JsonWriter writer, DeadLetterTotals totals)
    {
        writer.WriteNumber("letters", totals.Letters);
        writer.WriteNumber("payload_bytes", totals.PayloadBytes);
        writer.WriteNumber("unreadable", totals.Unreadable);
        writer.WriteString("oldest", totals.Oldest?.ToString("O", CultureInfo.InvariantCulture));
        writer.WriteString("newest", totals.Newest?.ToString("O", CultureInfo.InvariantCulture));
        Write(writer, "by_stage", totals.ByStage.Select(pair => (pair.Key.ToString().ToLowerInvariant(), pair.Value)));
        Write(writer, "by_error_type", totals.ByErrorType.Select(pair => (pair.Key, pair.Value)));
        Write(writer, "by_source_topic", totals.BySourceTopic.Select(pair => (pair.Key, pair.Value)));
    }

    private static void Write(Utf8JsonWriter writer, string name, IEnumerable<(string Key, long Count)> counts)
    {
        writer.WriteStartObject(name);
        foreach (var (key, count) in counts)
        {
            writer.WriteNumber(key, count);
        }

        writer.WriteEndObject();
    }
}
