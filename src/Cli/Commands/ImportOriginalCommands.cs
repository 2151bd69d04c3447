using System.CommandLine;
using DashStream.Analysis;

namespace DashStream.Cli.Commands;

/// <summary><c>import original-file DIR</c> and <c>import original-sqlite DB</c>: topics and group positions of the original's stores.</summary>
internal static class ImportOriginalCommands
{
    public static Command MakeFile(Terminal terminal, ProviderFactory stores)
    {
        var place = new Argument<string>("DIR") { Description = "Folder of the original's file store" };
        return Make("original-file", "Import topics and group positions of the original's file store", place, terminal, directory =>
        {
            var store = new OriginalFileStore(directory);
            return new Source(store.Topics, store.Groups, store.ReadAsync);
        }, stores);
    }

    public static Command MakeSqlite(Terminal terminal, ProviderFactory stores)
    {
        var place = new Argument<string>("DB") { Description = "Database file of the original's SQLite store" };
        return Make("original-sqlite", "Import topics and group positions of the original's SQLite store", place, terminal, path =>
        {
            var store = OriginalSqliteStore.Open(path);
            return new Source(store.Topics, topic => (store.Groups(topic), []), store.ReadAsync, store);
        }, stores);
    }

    private static Command Make(
        string name, string description, Argument<string> place, Terminal terminal, Func<string, Source> open, ProviderFactory stores)
    {
        var to = CommonOptions.To();
        var topic = CommonOptions.Topic("The topic to import. Default: every topic of the store", required: false);
        var target = CommonOptions.Name("--as", "TOPIC", "Its name in the target. Default: the same", required: false, StreamNames.ThrowIfInvalidTopic);
        var partitions = CommonOptions.Partitions(1, "Partitions of a topic that has to be made; 1 keeps the order across threads too");
        var append = new Option<bool>("--append") { Description = "Import although the target topic holds records already" };
        var keep = new Option<bool>("--keep-undecodable") { Description = "Keep payloads that are no message as they are, instead of leaving them out" };
        var command = new Command(name, description) { place, to, topic, target, partitions, append, keep };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new OriginalImportOptions
            {
                Partitions = parsed.GetValue(partitions),
                Append = parsed.GetValue(append),
                KeepUndecodable = parsed.GetValue(keep),
            };
            using var source = open(parsed.GetRequiredValue(place));
            await using var store = stores.Open(parsed.GetRequiredValue(to));
            var topics = parsed.GetValue(topic) is { } one ? [one] : source.Topics();
            if (parsed.GetValue(target) is not null && topics.Count != 1)
            {
                throw new UsageException($"--as names one topic, and there are {topics.Count} to import; choose one with --topic.");
            }

            return await ImportAllAsync(source, store.Provider, topics, parsed.GetValue(target), options, terminal, cancellationToken);
        });
        return command;
    }

    private static async Task<int> ImportAllAsync(Source source, IStreamProvider provider, IReadOnlyList<string> topics, string? target,
        OriginalImportOptions options, Terminal terminal, CancellationToken cancellationToken)
    {
        var code = topics.Count > 0 ? ExitCodes.Ok : terminal.Say("there is no topic to import", ExitCodes.Ok);
        foreach (var topic in topics)
        {
            code = Math.Max(code, await ImportOneAsync(source, provider, (topic, target ?? topic), options, terminal, cancellationToken));
        }

        return code;
    }

    private static async Task<int> ImportOneAsync(Source source, IStreamProvider provider, (string From, string To) topic,
        OriginalImportOptions options, Terminal terminal, CancellationToken cancellationToken)
    {
        using var progress = new ProgressLine(terminal);
        options.Reported = line => terminal.Err.WriteLine($"{topic.From}, {line}");
        options.Progress = read => progress.Show(() => $"{topic.From}: {read:N0} entries read");
        var (groups, faults) = source.Groups(topic.From);
        foreach (var fault in faults)
        {
            terminal.Err.WriteLine($"group not imported: {fault.Message}");
        }

        var import = new OriginalStoreImport(provider, topic.To, options);
        try
        {
            await import.RunAsync(source.Read(topic.From, cancellationToken), groups, cancellationToken);
        }
        catch (Exception e) when (e is StreamException or IOException or OperationCanceledException)
        {
            progress.Dispose();
            terminal.Err.WriteLine($"until then: {Sum(topic, import.Report)}");
            throw;
        }

        progress.Dispose();
        foreach (var fault in import.Report.GroupFaults)
        {
            terminal.Err.WriteLine($"group not imported: {fault}");
        }

        terminal.Out.WriteLine(Sum(topic, import.Report));
        var complete = faults.Count == 0 && import.Report is { Skipped: 0, KeptRaw: 0, GroupFaults: [] };
        return complete ? ExitCodes.Ok : ExitCodes.Incomplete;
    }

    private static string Sum((string From, string To) topic, OriginalImportReport report)
    {
        var groups = string.Join(", ", report.Groups.Select(group => $"{group.Group} at {group.NextOffset}"));
        return $"{topic.From}: {report.Read:N0} entries read, {report.Imported:N0} imported into topic {topic.To}"
            + (report.KeptRaw == 0 ? "" : $", {report.KeptRaw:N0} kept as they are")
            + (report.Skipped == 0 ? "" : $", {report.Skipped:N0} not imported")
            + (groups.Length == 0 ? "" : $"; groups: {groups}");
    }

    /// <summary>What the two kinds of store have in common.</summary>
    private sealed record Source(
        Func<IReadOnlyList<string>> Topics,
        Func<string, (IReadOnlyList<OriginalGroup> Groups, IReadOnlyList<ImportException> Faults)> Groups,
        Func<string, CancellationToken, IAsyncEnumerable<OriginalEntry>> Read,
        IDisposable? Open = null) : IDisposable
    {
        public void Dispose() => Open?.Dispose();
    }
}
