using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DashStream.Cli.DeadLetters;
using DashStream.Cli.Output;
using DashStream.Cli.Secrets;

namespace DashStream.Cli.Commands;

/// <summary><c>dlq replay</c>: sends the messages of letters again, each once however often the command is run.</summary>
internal static class DlqReplayCommand
{
    public static Command Make(Terminal terminal, ProviderFactory stores)
    {
        var from = CommonOptions.From();
        var topic = DlqCommand.Topic();
        var to = CommonOptions.To();
        to.Required = false;
        to.Description = "The store to send to. Default: the letters' own";
        var toTopic = CommonOptions.Name("--to-topic", "TOPIC", "The topic to send to. Default: each message's source topic", required: false, StreamNames.ThrowIfInvalidTopic);
        var dryRun = new Option<bool>("--dry-run") { Description = "Tell what would be sent and send nothing" };
        var rate = new Option<double?>("--rate") { Description = "Most messages a second", HelpName = "N" };
        rate.Validators.Add(result => CommonOptions.ForValue(result, value =>
            double.TryParse(value, CultureInfo.InvariantCulture, out var n) && double.IsFinite(n) && n > 0 ? null : $"--rate is '{value}'; it must be a number above 0"));
        var limit = CommonOptions.Limit("Most messages to send");
        var most = new Option<int>("--max-replays") { Description = "Leave alone what was sent again so often already", DefaultValueFactory = _ => 3, HelpName = "N" };
        most.Validators.Add(result => CommonOptions.ForValue(result, value =>
            int.TryParse(value, out var n) && n >= 1 ? null : $"--max-replays is '{value}'; the least is 1"));
        var again = new Option<bool>("--again") { Description = "Also send what an earlier replay has sent already" };
        var format = CommonOptions.Format("text", "text", "jsonl");
        var filter = new LetterFilterOptions();
        var command = new Command("replay", "Send the messages of dead letters again: same key, headers, bytes and partition, marked as replays")
        {
            from, topic, to, toTopic, dryRun, rate, limit, most, again, format,
        };
        filter.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var store = stores.OpenExisting(parsed.GetRequiredValue(from));
            await using var target = parsed.GetValue(to) is { } uri ? stores.OpenExisting(uri) : null;
            var options = new DeadLetterReplayOptions
            {
                Filter = filter.FilterOf(parsed),
                Provider = target?.Provider,
                Topic = parsed.GetValue(toTopic),
                DryRun = parsed.GetValue(dryRun),
                MaxPerSecond = parsed.GetValue(rate),
                Limit = parsed.GetValue(limit),
                MaxReplays = parsed.GetValue(most),
                Again = parsed.GetValue(again),
            };
            var letters = new DeadLetterReader(store.Provider, parsed.GetRequiredValue(topic));
            return await RunAsync(new DeadLetterReplayer(letters), options, parsed.GetValue(format)!, terminal, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        DeadLetterReplayer replayer, DeadLetterReplayOptions options, string format, Terminal terminal, CancellationToken cancellationToken)
    {
        var counts = new SortedDictionary<DeadLetterReplayStatus, long>();
        try
        {
            await foreach (var replay in replayer.RunAsync(options, cancellationToken))
            {
                counts[replay.Status] = counts.GetValueOrDefault(replay.Status) + 1;
                Print(replay, format, terminal);
            }
        }
        finally
        {
            terminal.Out.Flush();
            terminal.Err.WriteLine(counts.Count == 0 ? "no dead letter fits" : string.Join(", ", counts.Select(pair => $"{pair.Value:N0} {NameOf(pair.Key)}")));
        }

        return counts.ContainsKey(DeadLetterReplayStatus.Refused) ? ExitCodes.Incomplete : ExitCodes.Ok;
    }

    private static void Print(DeadLetterReplay replay, string format, Terminal terminal)
    {
        if (format == "jsonl")
        {
            JsonLines.Write(terminal.Out, [replay], Write);
            return;
        }

        var target = replay.Position is { } position ? $" {position}" : "";
        var why = replay.Why is { } reason ? $": {LetterText.Visible(ReportRedaction.On.Text(reason))}" : "";
        terminal.Out.WriteLine($"{replay.Letter.Position} {replay.Letter.Id} {NameOf(replay.Status)} {replay.Topic}{target}{why}");
    }

    private static void Write(Utf8JsonWriter writer, DeadLetterReplay replay)
    {
        writer.WriteString("position", replay.Letter.Position.ToString());
        writer.WriteString("id", replay.Letter.Id);
        writer.WriteString("status", NameOf(replay.Status));
        writer.WriteString("topic", replay.Topic);
        writer.WriteString("sent_position", replay.Position?.ToString());
        writer.WriteString("why", replay.Why is { } why ? ReportRedaction.On.Text(why) : null);
    }

    private static string NameOf(DeadLetterReplayStatus status) => status switch
    {
        DeadLetterReplayStatus.Replayed => "replayed",
        DeadLetterReplayStatus.WouldReplay => "would-replay",
        DeadLetterReplayStatus.AlreadyReplayed => "already-replayed",
        DeadLetterReplayStatus.Skipped => "skipped",
        _ => "refused",
    };
}
