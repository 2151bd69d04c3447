using System.CommandLine;
using DashStream.Cli.Parsing;
using DashStream.Cli.Secrets;

namespace DashStream.Cli.Commands;

/// <summary><c>parse URI --topic T</c>: prints the messages of a topic.</summary>
internal static class ParseCommand
{
    public static Command Make(Terminal terminal, ProviderFactory stores)
    {
        var store = CommonOptions.Store();
        var topic = CommonOptions.Topic("The topic", required: true);
        var group = CommonOptions.Group("Read as a member of this group and commit what was printed. Default: alone, nothing is committed");
        var format = CommonOptions.Format("text", "text", "json", "jsonl");
        var tail = new Option<bool>("--tail") { Description = "Wait for more at the end; without --from it begins there" };
        var limit = CommonOptions.Limit("Stop after so many printed messages");
        var partition = new Option<int[]>("--partition") { Description = "Read this partition only (may be repeated)", HelpName = "N" };
        var showSecrets = ReportRedaction.ShowSecrets();
        var options = new FilterOptions();
        var from = new Option<string[]>("--from") { Description = $"Where to begin: {StartText.Forms}", HelpName = "START" };
        from.Validators.Add(result => CommonOptions.ForValue(result, value =>
            StartText.TryParse(value, options.Now, out _) ? null : $"--from '{value}' is none of: {StartText.Forms}"));
        var command = new Command("parse", "Print the messages of a topic: timelines per thread, or JSON")
        {
            store, topic, group, format, from, partition, limit, tail, showSecrets,
        };
        options.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new ParseRequest
            {
                Store = parsed.GetRequiredValue(store),
                Topic = parsed.GetRequiredValue(topic),
                Group = parsed.GetValue(group),
                Format = parsed.GetValue(format)!,
                Tail = parsed.GetValue(tail),
                Redaction = ReportRedaction.Of(parsed.GetValue(showSecrets)),
                Limit = parsed.GetValue(limit),
                Partitions = parsed.GetValue(partition) ?? [],
                From = [.. (parsed.GetValue(from) ?? []).Select(value => StartText.TryParse(value, options.Now, out var start) ? start : StartText.Beginning)],
                Filter = options.FilterOf(parsed),
            },
            terminal, stores, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseRequest request, Terminal terminal, ProviderFactory stores, CancellationToken cancellationToken)
    {
        request.Validate();
        await using var store = stores.OpenExisting(request.Store);
        var sink = SinkOf(request, terminal);
        var reader = new LogReader(store.Provider, request, sink, terminal);
        try
        {
            await reader.RunAsync(cancellationToken);
            sink.End();
        }
        catch (OperationCanceledException)
        {
            sink.End();
            terminal.Out.Flush();
            terminal.Err.WriteLine(Sum(reader));
            throw;
        }

        terminal.Out.Flush();
        return terminal.Say(Sum(reader), reader.Unreadable == 0 ? ExitCodes.Ok : ExitCodes.Incomplete);
    }

    private static IMessageSink SinkOf(ParseRequest request, Terminal terminal) => request.Format switch
    {
        "json" => new JsonArraySink(terminal.Out),
        "jsonl" => new JsonLinesSink(terminal.Out),
        _ when request.Tail || request.Group is not null => new FollowSink(terminal),
        _ => new TimelineSink(terminal),
    };


    private static string Sum(LogReader reader) =>
        $"{reader.Read:N0} records read, {reader.Printed:N0} messages printed"
        + (reader.Unreadable == 0 ? "" : $", {reader.Unreadable:N0} unreadable");
}
