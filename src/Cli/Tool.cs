using System.CommandLine;
using System.CommandLine.Help;
using DashStream.Cli.Commands;
using DashStream.Cli.Output;
using DashStream.Cli.Secrets;

namespace DashStream.Cli;

/// <summary>The whole tool: parse, run, one error line, exit code. Tests call it in process.</summary>
internal static class Tool
{
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(15);

    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, Terminal terminal, ProviderFactory stores, CancellationToken cancellationToken = default)
    {
        var secrets = new KnownSecrets(args, stores.Variable);
        terminal = terminal.WithErrors(new CleaningWriter(terminal.Err, secrets));
        var parsed = Root(terminal, stores).Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
        {
            return RefuseUsage(parsed, terminal, secrets);
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
            return terminal.Say(string.Join(Environment.NewLine, ErrorText.Lines(e)), ExitCodes.Failure);
        }
        catch (Exception e)
        {
            // Left to the runtime it would be printed with whatever secret its text holds.
            return terminal.Say($"error: a fault of this tool, please report it: {e}", ExitCodes.Failure);
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

    private static int RefuseUsage(ParseResult parsed, Terminal terminal, KnownSecrets secrets)
    {
        Withhold(parsed, secrets);
        foreach (var error in parsed.Errors.Select(error => error.Message).Distinct())
        {
            terminal.Err.WriteLine($"error: {error}");
        }

        return terminal.Say($"try: dashstream {string.Join(' ', PathOf(parsed.CommandResult.Command))} --help".Replace("  ", " ", StringComparison.Ordinal),
            ExitCodes.Usage);
    }

    /// <summary>
    /// The parser quotes what it does not know. A misspelt verb or option helps to see the mistake; anything else may be the value of an option that does not
    /// exist, such as a password.
    /// </summary>
    private static void Withhold(ParseResult parsed, KnownSecrets secrets)
    {
        var lacksVerb = parsed.CommandResult.Command.Subcommands.Count > 0;
        foreach (var (token, index) in parsed.UnmatchedTokens.Select((token, index) => (token, index)))
        {
            if (!token.StartsWith('-'))
            {
                secrets.Add(lacksVerb && index == 0 ? null : token);
            }
            else if (token.IndexOfAny(['=', ':']) is var end and > 0)
            {
                secrets.Add(token[(end + 1)..]);
            }
        }
    }

    private static IEnumerable<string> PathOf(Command command) =>
        command is RootCommand ? [] : [.. command.Parents.OfType<Command>().SelectMany(PathOf), command.Name];
}
