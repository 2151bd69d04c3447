using System.CommandLine;
using DashStream.Cli.Commands;
using DashStream.Cli.Parsing;

namespace DashStream.Cli.DeadLetters;

/// <summary>The options that choose dead letters. Each may be repeated; values of one option are alternatives, options together all have to fit.</summary>
internal sealed class LetterFilterOptions
{
    private readonly Option<string[]> _id = New("--id", "ID", "Only this letter");
    private readonly Option<string[]> _stage = New("--stage", "STAGE", "Only letters of this stage: send, decode, handler");
    private readonly Option<string[]> _errorType = New("--error-type", "TYPE", "Only this kind of failure, such as decode_error");
    private readonly Option<string> _reason = new("--reason") { Description = "Only letters whose error contains this text, whatever its case", HelpName = "TEXT" };
    private readonly Option<string[]> _source = New("--source-topic", "TOPIC", "Only messages of this topic");
    private readonly Option<string[]> _thread = New("--thread", "ID", "Only this thread");
    private readonly Option<string[]> _tenant = New("--tenant", "TENANT", "Only this tenant");
    private readonly Option<string[]> _consumer = New("--consumer", "NAME", "Only what this group or producer failed on");
    private readonly Option<string> _since = new("--since") { Description = $"Only failures of this time or later: {TimeText.Forms}", HelpName = "TIME" };
    private readonly Option<string> _until = new("--until") { Description = "Only failures before this time", HelpName = "TIME" };
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    public LetterFilterOptions()
    {
        _stage.Validators.Add(result => CommonOptions.ForValue(result, value =>
            StageOf(value) is null ? $"--stage '{value}' is none of: send, decode, handler" : null));
        foreach (var option in new[] { _since, _until })
        {
            option.Validators.Add(result => CommonOptions.ForValue(result, value =>
                TimeText.TryParse(value, _now, out _) ? null : $"{option.Name} '{value}' is no time; write {TimeText.Forms}"));
        }
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_id, _stage, _errorType, _reason, _source, _thread, _tenant, _consumer, _since, _until])
        {
            command.Options.Add(option);
        }
    }

    public DeadLetterFilter FilterOf(ParseResult parsed) => new()
    {
        Ids = parsed.GetValue(_id) ?? [],
        Stages = [.. (parsed.GetValue(_stage) ?? []).Select(StageOf).OfType<DeadLetterStage>()],
        ErrorTypes = parsed.GetValue(_errorType) ?? [],
        ErrorContains = parsed.GetValue(_reason),
        SourceTopics = parsed.GetValue(_source) ?? [],
        Threads = parsed.GetValue(_thread) ?? [],
        Tenants = parsed.GetValue(_tenant) ?? [],
        Consumers = parsed.GetValue(_consumer) ?? [],
        Since = TimeOf(parsed.GetValue(_since)),
        Until = TimeOf(parsed.GetValue(_until)),
    };

    private static Option<string[]> New(string name, string value, string description) => new(name) { Description = description, HelpName = value };

    private static DeadLetterStage? StageOf(string text) => text.ToLowerInvariant() switch
    {
        "send" => DeadLetterStage.Send,
        "decode" => DeadLetterStage.Decode,
        "handler" => DeadLetterStage.Handler,
        _ => null,
    };

    private DateTimeOffset? TimeOf(string? text) =>
        text is not null && TimeText.TryParse(text, _now, out var us) ? DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond) : null;
}
