using System.CommandLine;
using DashStream.Cli.Secrets;
using DashStream.Cli.State;
using DashStream.State;

namespace DashStream.Cli.Commands;

/// <summary><c>state THREAD --from URI --topic T</c>: an agent's state at any moment, how it came, and where two runs part.</summary>
internal static class StateCommand
{
    public static Command Make(Terminal terminal, ProviderFactory stores)
    {
        var now = TimeProvider.System.GetUtcNow();
        var thread = new Argument<string>("THREAD") { Description = "The thread's id" };
        var from = CommonOptions.From();
        var topic = CommonOptions.Topic("The topic", required: true);
        var tenant = new Option<string>("--tenant") { Description = "The tenant. Default: that of whichever message of the thread is found first", HelpName = "ID" };
        var at = new Option<string>("--at") { Description = $"Show the state at this moment: {PointText.Forms}. Default: latest", HelpName = "POINT" };
        at.Validators.Add(result => CommonOptions.ForValue(result, text => FaultOf(text, now)));
        var diff = new Option<string[]>("--diff")
        {
            Description = "Show what changed between two moments, as for --at", HelpName = "A> <B", Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true,
        };
        diff.Validators.Add(result => CommonOptions.ForValue(result, text => FaultOf(text, now)));
        var steps = new Option<bool>("--steps") { Description = "List every step of the thread and what it changed; as JSON the first with its whole state" };
        var watch = new Option<bool>("--watch") { Description = "Show the state as it is, then every change as it comes" };
        var compare = new Option<string>("--compare") { Description = "Compare with another thread, change by change, and show where they part first", HelpName = "THREAD" };
        var compareFrom = new Option<string>("--compare-from") { Description = "The store of the other thread. Default: the same", HelpName = "URI" };
        compareFrom.Validators.Add(result => CommonOptions.ForValue(result, ProviderFactory.FaultOf));
        var compareTopic = CommonOptions.Name("--compare-topic", "TOPIC", "The topic of the other thread. Default: the same", required: false, StreamNames.ThrowIfInvalidTopic);
        var format = CommonOptions.Format("text", "text", "json");
        var showSecrets = ReportRedaction.ShowSecrets();
        var command = new Command("state", "Show an agent's state at any moment, follow it, and compare runs")
        {
            thread, from, topic, tenant, at, diff, steps, watch, compare, compareFrom, compareTopic, format, showSecrets,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new StateRequest
            {
                Thread = parsed.GetRequiredValue(thread),
                Store = parsed.GetRequiredValue(from),
                Topic = parsed.GetRequiredValue(topic),
                Tenant = parsed.GetValue(tenant),
                Format = parsed.GetValue(format)!,
                Redaction = ReportRedaction.Of(parsed.GetValue(showSecrets)),
                At = parsed.GetValue(at) is { } point ? PointOf(point, now) : null,
                Diff = [.. (parsed.GetValue(diff) ?? []).Select(text => PointOf(text, now))],
                Steps = parsed.GetValue(steps),
                Watch = parsed.GetValue(watch),
                Compare = parsed.GetValue(compare),
                CompareStore = parsed.GetValue(compareFrom),
                CompareTopic = parsed.GetValue(compareTopic),
            },
            terminal, stores, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(StateRequest request, Terminal terminal, ProviderFactory stores, CancellationToken cancellationToken)
    {
        request.Validate();
        await using var store = stores.OpenExisting(request.Store);
        var history = new StateHistory(store.Provider, request.Topic);
        var view = new StateView(request, history, terminal);
        if (request.Compare is not null)
        {
            await using var other = stores.OpenExisting(request.CompareStore ?? request.Store);
            return await view.CompareAsync(new StateHistory(other.Provider, request.CompareTopic ?? request.Topic), cancellationToken);
        }

        return request switch
        {
            { Diff.Count: > 0 } => await view.DiffAsync(cancellationToken),
            { Steps: true } => await view.StepsAsync(history.ReadAsync(request.Thread, request.Tenant, cancellationToken), cancellationToken),
            { Watch: true } => await view.StepsAsync(history.WatchAsync(request.Thread, request.Tenant, cancellationToken), cancellationToken),
            _ => await view.ShowAsync(cancellationToken),
        };
    }

    private static string? FaultOf(string text, DateTimeOffset now) => PointText.TryParse(text, now, out _) ? null : $"'{text}' is no moment; write {PointText.Forms}";

    private static StatePoint PointOf(string text, DateTimeOffset now) => PointText.TryParse(text, now, out var point) ? point : StatePoint.Latest;
}
