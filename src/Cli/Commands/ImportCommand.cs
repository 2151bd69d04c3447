using System.CommandLine;
using DashStream.Analysis;

namespace DashStream.Cli.Commands;

/// <summary><c>import RUNS.json</c>: recorded chat runs become messages of a topic.</summary>
internal static class ImportCommand
{
    private const int DefaultPartitions = 4;
    private const int MaxMessageBytes = 10 * 1024 * 1024;

    public static Command Make(Terminal terminal, ProviderFactory stores)
    {
        var runs = new Argument<string>("RUNS") { Description = "Chat trajectories: a JSON array, one object, or JSON Lines ('-' reads standard input)" };
        var to = CommonOptions.To();
        var topic = CommonOptions.Topic("The topic; made when it is missing", required: true);
        var partitions = CommonOptions.Partitions(DefaultPartitions, "Partitions of a topic that has to be made");
        var prefix = new Option<string>("--prefix") { Description = "Begins every thread id (PREFIX-TASK-TRIAL). Default: the file's name", HelpName = "P" };
        var tenant = new Option<string>("--tenant") { Description = "Tenant of the messages", DefaultValueFactory = _ => "default", HelpName = "T" };
        var limit = CommonOptions.Limit("Import at most so many runs");
        var command = new Command("import", "Import recorded runs, or a store of the original implementation")
        {
            runs, to, topic, partitions, prefix, tenant, limit,
            ImportOriginalCommands.MakeFile(terminal, stores),
            ImportOriginalCommands.MakeSqlite(terminal, stores),
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new Request(
                parsed.GetRequiredValue(runs), parsed.GetRequiredValue(to), parsed.GetRequiredValue(topic), parsed.GetValue(partitions),
                parsed.GetValue(prefix), parsed.GetValue(tenant)!, parsed.GetValue(limit)),
            terminal, stores, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Request request, Terminal terminal, ProviderFactory stores, CancellationToken cancellationToken)
    {
        // The first run is read before the store is touched: a wrong file must not leave an empty topic behind.
        await using var source = Source(request.Runs, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var runs = FromAsync(source, await source.MoveNextAsync());
        await using var store = stores.Open(request.Store);
        var converter = new ChatRunConverter(new ChatImportOptions
        {
            Prefix = request.Prefix ?? PrefixOf(request.Runs),
            SourceName = request.Runs == "-" ? "standard input" : Path.GetFileName(request.Runs),
        });

        await EnsureTopicAsync(store.Provider, request, cancellationToken);
        await using var producer = await DashStreamProducer.OpenAsync(
            store.Provider, request.Topic, ProducerOptions(request), cancellationToken: cancellationToken);
        using var progress = new ProgressLine(terminal);
        var import = new ChatImport(producer, converter, terminal.Err.WriteLine);
        try
        {
            await import.RunAsync(Limited(runs, request.Limit), () => progress.Show(() => Sum(import, request)), cancellationToken);
        }
        catch (Exception e) when (e is StreamException or IOException or OperationCanceledException)
        {
            progress.Dispose();
            terminal.Err.WriteLine($"until then: {Sum(import, request)}");
            throw;
        }

        progress.Dispose();
        terminal.Out.WriteLine(Sum(import, request));
        return import.FaultyRuns == 0 ? ExitCodes.Ok : ExitCodes.Incomplete;
    }

    private static async Task EnsureTopicAsync(IStreamProvider provider, Request request, CancellationToken cancellationToken)
    {
        if (await provider.Admin.DescribeTopicAsync(request.Topic, cancellationToken) is null)
        {
            await provider.Admin.CreateTopicAsync(new TopicSpec(request.Topic, request.Partitions), cancellationToken);
        }
    }

    private static DashStreamProducerOptions ProducerOptions(Request request) =>
        new() { TenantId = request.Tenant, Codec = new MessageCodecOptions { MaxMessageBytes = MaxMessageBytes } };

    private static IAsyncEnumerable<ChatRunItem> Source(string runs, CancellationToken cancellationToken) =>
        runs == "-"
            ? ChatRunReader.ReadAsync(Console.OpenStandardInput(), "standard input", cancellationToken)
            : ChatRunReader.ReadFileAsync(runs, cancellationToken);

    private static async IAsyncEnumerable<ChatRunItem> FromAsync(IAsyncEnumerator<ChatRunItem> items, bool hasCurrent)
    {
        for (var has = hasCurrent; has; has = await items.MoveNextAsync())
        {
            yield return items.Current;
        }
    }

    private static IAsyncEnumerable<ChatRunItem> Limited(IAsyncEnumerable<ChatRunItem> items, long? limit) =>
        limit is { } n && n <= int.MaxValue ? items.Take((int)n) : items;

    private static string PrefixOf(string runs) =>
        Path.GetFileNameWithoutExtension(runs) is { Length: > 0 } name && name != "-" ? name : "run";

    private static string Sum(ChatImport import, Request request) =>
        $"imported {Count(import.Runs, "run")} ({Count(import.Messages, "message")}) into topic {request.Topic}"
        + (import.FaultyRuns == 0 ? "" : $"; {Count(import.FaultyRuns, "run")} not or not fully imported");

    private static string Count(long number, string what) => $"{number:N0} {what}{(number == 1 ? "" : "s")}";

    private sealed record Request(string Runs, string Store, string Topic, int Partitions, string? Prefix, string Tenant, long? Limit);
}
