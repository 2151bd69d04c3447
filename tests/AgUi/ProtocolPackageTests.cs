using System.Text;
using DashStream.Providers;

namespace DashStream.AgUi.Tests;

/// <summary>Our reading of the protocol against that of its own package.</summary>
[TestClass]
public sealed class ProtocolPackageTests
{
    private static readonly string[] Values = ["null", "1", "1.5", "1e3", "true", "\"x\"", "{}", "[]"];

    [TestMethod]
    public async Task The_package_takes_what_we_send()
    {
        await using var provider = new MemoryProvider();
        await provider.Admin.CreateTopicAsync(new TopicSpec("runs"));
        await using (var runs = new DashStreamRuns(await DashStreamProducer.OpenAsync(provider, "runs")))
        {
            MappingTests.Record(runs);
            await runs.FlushAsync(TimeSpan.FromSeconds(30));
        }

        var events = (await MappingTests.Stored(provider, "thread")).Select(item => item.ToWire()).ToList();

        var verdicts = await ProtocolPackage.JudgeAsync(events);

        Assert.HasCount(events.Count, verdicts);
        Assert.IsEmpty(events.Where((_, i) => !verdicts[i]).Select(Encoding.UTF8.GetString).ToList());
    }

    [TestMethod]
    public async Task The_package_judges_fields_as_we_do()
    {
        var events = Recordings.All().SelectMany(file => AgUiReader.Read(File.ReadAllBytes(file))).Concat(Made()).ToList();

        var verdicts = await ProtocolPackage.JudgeAsync([.. events.Select(item => item.Json.ToArray()).Select(OneLine)]);

        Assert.HasCount(events.Count, verdicts);
        var others = events.Where((item, i) => OurVerdict(item) != verdicts[i]).Select(item => Encoding.UTF8.GetString(item.Json.Span)).ToList();
        Assert.IsEmpty(others, string.Join('\n', others.Select(text => text[..Math.Min(300, text.Length)])));
    }

    /// <summary>Each kind of the protocol with all its fields, and with each of them left out or holding something else.</summary>
    private static IEnumerable<AgUiEvent> Made()
    {
        foreach (var type in Enum.GetValues<AgUiEventType>().Where(type => type != AgUiEventType.Unknown && !type.ToString().StartsWith("Thinking", StringComparison.Ordinal)))
        {
            var whole = AgUiSchema.RulesFor(type).Aggregate(new AgUiDraft(type), (draft, rule) => draft.SetJson(rule.Name, Good(type, rule))).ToEvent();
            yield return whole;
            foreach (var rule in AgUiSchema.RulesFor(type))
            {
                yield return whole.With(rule.Name, null);
                foreach (var value in Values)
                {
                    yield return whole.With(rule.Name, Encoding.UTF8.GetBytes(value));
                }
            }
        }
    }

    private static byte[] Good(AgUiEventType type, AgUiFieldRule rule) => Encoding.UTF8.GetBytes((rule.Name, rule.Kind) switch
    {
        ("role", _) => type switch { AgUiEventType.ReasoningMessageStart => "\"reasoning\"", AgUiEventType.ToolCallResult => "\"tool\"", _ => "\"user\"" },
        ("subtype", _) => "\"message\"",
        ("outcome", _) => """{"type":"success"}""",
        ("input", _) => """{"threadId":"t","runId":"r","messages":[]}""",
        (_, AgUiFieldKind.Text or AgUiFieldKind.TextOrList) => "\"x\"",
        (_, AgUiFieldKind.Flag) => "true",
        (_, AgUiFieldKind.Map) => "{}",
        (_, AgUiFieldKind.List) => "[]",
        _ => "1",
    });

    private static bool OurVerdict(AgUiEvent item)
    {
        var findings = new AgUiFindings(AgUiStrictness.Protocol);
        AgUiFieldCheck.Check(item, findings);
        var state = new AgUiStateCheck(findings, null);
        foreach (var field in new[] { "delta", "patch" })
        {
            if (item.Type is AgUiEventType.StateDelta or AgUiEventType.ActivityDelta && item.TryGet(field, out var patch))
            {
                state.Read(patch, field);
            }
        }

        return item.Type != AgUiEventType.Unknown && findings.Take().All(finding => finding.Severity != AgUiSeverity.Error);
    }

    private static byte[] OneLine(byte[] json) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json).ReplaceLineEndings(" "));
}
