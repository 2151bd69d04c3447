using System.CommandLine;
using DashStream.Cli.DeadLetters;

namespace DashStream.Cli.Commands;

/// <summary><c>dlq purge</c>: removes letters by query, or all.</summary>
internal static class DlqPurgeCommand
{
    public static Command Make(Terminal terminal, ProviderFactory stores)
    {
        var from = CommonOptions.From();
        var topic = DlqCommand.Topic();
        var all = new Option<bool>("--all") { Description = "Remove every letter; needed when nothing else chooses" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Count what would be removed and remove nothing" };
        var filter = new LetterFilterOptions();
        var command = new Command("purge", "Remove dead letters for good") { from, topic, all, dryRun };
        filter.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var chosen = filter.FilterOf(parsed);
            if (parsed.GetValue(all) != chosen.IsEmpty)
            {
                throw new UsageException(chosen.IsEmpty ? "say which letters to remove, or --all." : "--all and a choice of letters do not go together.");
            }

            await using var store = stores.OpenExisting(parsed.GetRequiredValue(from));
            var editor = new DeadLetterEditor(new DeadLetterReader(store.Provider, parsed.GetRequiredValue(topic)));
            var isDry = parsed.GetValue(dryRun);
            var purge = await editor.PurgeAsync(chosen, isDry, cancellationToken);
            var moved = purge.Moved == 0 ? "" : $", {purge.Moved:N0} that stay {(isDry ? "would be" : "were")} stored anew at the end";
            return terminal.Say($"{purge.Removed:N0} dead letters {(isDry ? "would be removed" : "removed")}{moved}", ExitCodes.Ok);
        });
        return command;
    }
}
