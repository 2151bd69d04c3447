using System.CommandLine;
using System.CommandLine.Help;
using DashStream.Cli.Commands;

namespace DashStream.Cli;

/// <summary>The whole tool: parse, run, one error line, exit code. Tests call it in process.</summary>
internal static class Tool
{
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(15);

    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, Terminal terminal, ProviderFactory stores, CancellationToken cancellationToken = default)
    {
        var parsed = Root(terminal, stores).Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
        {
            return RefuseUsage(parsed, terminal);
        }

        try
        {
            var configuration = new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Err,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = EndWithin,
            };
            var code = await parsed.InvokeAsync(configuration, cancellationToken);
            terminal.Out.Flush();
            return code;
        }
        catch (OperationCanceledException)
        {
            return terminal.Say("interrupted", ExitCodes.Interrupted);
        }
        catch (OutputClosedException)
        {
            // Whoever read our output (head, less) has seen enough: that is not an error.
            return ExitCodes.Ok;
        }
        catch (UsageException e)
        {
            return terminal.Say($"error: {e.Message}", ExitCodes.Usage);
        }
        catch (Exception e) when (e is StreamException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return terminal.Say($"error: {e.Message}", ExitCodes.Failure);
        }
    }

    private static RootCommand Root(Terminal terminal, ProviderFactory stores) => new(
        $"Import, read and list recorded agent runs. Stores are named by URI: {ProviderFactory.Schemes}.")
    {
        ImportCommand.Make(terminal, stores),
        ParseCommand.Make(terminal, stores),
        TopicsCommand.Make(terminal, stores),
        GroupsCommand.Make(terminal, stores),
        DlqCommand.Make(terminal, stores),
        StateCommand.Make(terminal, stores),
    };

    private static int RefuseUsage(ParseResult parsed, Terminal terminal)
    {
        foreach (var error in parsed.Errors.Select(error => error.Message).Distinct())
        {
            terminal.Err.WriteLine($"error: {error}");
        }

        return terminal.Say($"try: dashstream {string.Join(' ', PathOf(parsed.CommandResult.Command))} --help".Replace("  ", " ", StringComparison.Ordinal),
            ExitCodes.Usage);
    }

    private static IEnumerable<string> PathOf(Command command) =>
        command is RootCommand ? [] : [.. command.Parents.OfType<Command>().SelectMany(PathOf), command.Name];
}
