using System.CommandLine;
using System.CommandLine.Parsing;

namespace DashStream.Cli.Commands;

/// <summary>Arguments and options that several verbs have, with their checks.</summary>
internal static class CommonOptions
{
    public static Argument<string> Store()
    {
        var store = new Argument<string>("URI") { Description = $"The store: {ProviderFactory.Schemes}" };
        store.Validators.Add(result => AddFault(result, ProviderFactory.FaultOf(result.Tokens[0].Value)));
        return store;
    }

    public static Option<string> To()
    {
        var to = new Option<string>("--to") { Description = $"The store to write to: {ProviderFactory.Schemes}", Required = true, HelpName = "URI" };
        to.Validators.Add(result => ForValue(result, ProviderFactory.FaultOf));
        return to;
    }

    public static Option<string> From()
    {
        var from = new Option<string>("--from") { Description = $"The store to read from: {ProviderFactory.Schemes}", Required = true, HelpName = "URI" };
        from.Validators.Add(result => ForValue(result, ProviderFactory.FaultOf));
        return from;
    }

    public static Option<string> Topic(string description, bool required) => Name("--topic", "TOPIC", description, required, StreamNames.ThrowIfInvalidTopic, "-t");

    public static Option<string> Group(string description) => Name("--group", "GROUP", description, required: false, StreamNames.ThrowIfInvalidGroup, "-g");

    public static Option<string> Name(
        string option, string helpName, string description, bool required, Action<string> check, params string[] aliases)
    {
        var name = new Option<string>(option, aliases) { Description = description, Required = required, HelpName = helpName };
        name.Validators.Add(result => ForValue(result, value => Fault(() => check(value))));
        return name;
    }

    public static Option<int> Partitions(int byDefault, string description)
    {
        var partitions = new Option<int>("--partitions", "-p") { Description = description, DefaultValueFactory = _ => byDefault, HelpName = "N" };
        partitions.Validators.Add(result => ForValue(result, value =>
            int.TryParse(value, out var n) && n is >= 1 and <= TopicSpec.MaxPartitions
                ? null
                : $"--partitions is '{value}'; allowed are 1 to {TopicSpec.MaxPartitions}"));
        return partitions;
    }

    public static Option<long?> Limit(string description)
    {
        var limit = new Option<long?>("--limit", "-n") { Description = description, HelpName = "N" };
        limit.Validators.Add(result => ForValue(result, value =>
            long.TryParse(value, out var n) && n >= 0 ? null : $"--limit is '{value}'; it must be a whole number, 0 or more"));
        return limit;
    }

    public static Option<string> Format(string byDefault, params string[] formats)
    {
        var format = new Option<string>("--format", "-f") { Description = "How to print", DefaultValueFactory = _ => byDefault };
        format.AcceptOnlyFromAmong(formats);
        return format;
    }

    public static void ForValue(OptionResult result, Func<string, string?> faultOf)
    {
        foreach (var token in result.Tokens)
        {
            AddFault(result, faultOf(token.Value));
        }
    }

    private static void AddFault(SymbolResult result, string? fault)
    {
        if (fault is not null)
        {
            result.AddError(fault);
        }
    }

    private static string? Fault(Action check)
    {
        try
        {
            check();
            return null;
        }
        catch (StreamException e)
        {
            return e.Message;
        }
    }
}
