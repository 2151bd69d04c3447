using System.CommandLine;
using DashStream.Cli.Parsing;

namespace DashStream.Cli.Commands;

/// <summary>The options that choose messages. Each may be repeated; values of one option are alternatives, options together all have to fit.</summary>
internal sealed class FilterOptions
{
    private readonly Option<string[]> _type = new("--type") { Description = $"Only this kind: {MessageKind.Known}", HelpName = "KIND" };
    private readonly Option<string[]> _thread = new("--thread") { Description = "Only this thread", HelpName = "ID" };
    private readonly Option<string[]> _node = new("--node") { Description = "Only events of this node", HelpName = "NODE" };
    private readonly Option<string> _since = new("--since") { Description = $"Only messages of this time or later: {TimeText.Forms}", HelpName = "TIME" };
    private readonly Option<string> _until = new("--until") { Description = "Only messages before this time", HelpName = "TIME" };

    public FilterOptions()
    {
        _type.Validators.Add(result => CommonOptions.ForValue(result, value =>
            MessageKind.TryParse(value, out _) ? null : $"--type '{value}' is none of: {MessageKind.Known}"));
        _since.Validators.Add(result => CommonOptions.ForValue(result, value => FaultOf("--since", value)));
        _until.Validators.Add(result => CommonOptions.ForValue(result, value => FaultOf("--until", value)));
    }

    /// <summary>The moment that "15m ago" counts from: the same for all options of one call.</summary>
    public DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_type, _thread, _node, _since, _until])
        {
            command.Options.Add(option);
        }
    }

    public MessageFilter FilterOf(ParseResult parsed) => new()
    {
        Kinds = [.. (parsed.GetValue(_type) ?? []).Select(text => MessageKind.TryParse(text, out var kind) ? kind : default)],
        Threads = parsed.GetValue(_thread) ?? [],
        Nodes = parsed.GetValue(_node) ?? [],
        SinceUs = TimeOf(parsed.GetValue(_since), long.MinValue),
        UntilUs = TimeOf(parsed.GetValue(_until), long.MaxValue),
    };

    private string? FaultOf(string option, string value) => TimeText.TryParse(value, Now, out _) ? null : $"{option} '{value}' is no time; write {TimeText.Forms}";

    private long TimeOf(string? text, long byDefault) => text is not null && TimeText.TryParse(text, Now, out var us) ? us : byDefault;
}
