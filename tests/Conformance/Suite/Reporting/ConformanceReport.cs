using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DashStream.Conformance;

/// <summary>
/// The results of one fixture as <c>conformance-FIXTURE.json</c> and <c>.md</c>, in the folder that <c>DASHSTREAM_REPORT_DIR</c> names, else in
/// <c>TestResults</c> beside the test binary. Written again after every case, so that a run that dies leaves what it found.
/// </summary>
internal sealed class ConformanceReport
{
    private const string FolderVariable = "DASHSTREAM_REPORT_DIR";

    private static readonly ConcurrentDictionary<string, ConformanceReport> Reports = new();
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    private readonly Lock _gate = new();
    private readonly string _fixture;
    private readonly SortedDictionary<(string Id, string Test), RuleResult> _results = new(RuleOrder.Instance);
    private string? _provider;
    private ProviderCapabilities? _capabilities;

    private ConformanceReport(string fixture)
    {
        _fixture = fixture;
        foreach (var (id, text, test) in SuiteCheck.Rules)
        {
            _results[(id, test)] = new RuleResult(id, text, test, RuleOutcome.NotRun, null);
        }
    }

    public static ConformanceReport Of(string fixture) => Reports.GetOrAdd(fixture, static name => new ConformanceReport(name));

    public void Add(IStreamProvider? provider, Type suite, string test, IEnumerable<RuleAttribute> rules, UnitTestOutcome outcome, Exception? error)
    {
        var found = outcome switch
        {
            UnitTestOutcome.Passed => RuleOutcome.Passed,
            UnitTestOutcome.Inconclusive or UnitTestOutcome.NotRunnable => RuleOutcome.Skipped,
            _ => RuleOutcome.Failed,
        };
        lock (_gate)
        {
            _provider ??= provider?.Name;
            _capabilities ??= provider?.Capabilities;
            foreach (var rule in rules)
            {
                var name = $"{SuiteCheck.NameOf(suite)}.{test}";
                _results[(rule.Id, name)] = new RuleResult(rule.Id, rule.Text, name, found, found == RuleOutcome.Passed ? null : FirstLine(error));
            }

            Write();
        }
    }

    private static string? FirstLine(Exception? error) => (error?.InnerException ?? error)?.Message.ReplaceLineEndings(" ");

    private void Write()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named
            ? named
            : Path.Combine(AppContext.BaseDirectory, "TestResults");
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, $"conformance-{_fixture}");
        File.WriteAllText(file + ".json", JsonSerializer.Serialize(
            new { Provider = _provider, Fixture = _fixture, Capabilities = _capabilities, Totals = Totals(), Rules = _results.Values }, Json));
        File.WriteAllText(file + ".md", Markdown());
    }

    private SortedDictionary<string, int> Totals() =>
        new(_results.Values.GroupBy(result => result.Outcome).ToDictionary(group => group.Key.ToString(), group => group.Count()), StringComparer.Ordinal);

    private string Markdown()
    {
        var text = new StringBuilder();
        text.AppendLine($"# Conformance of {_provider ?? _fixture}").AppendLine();
        text.AppendLine(string.Join(", ", Totals().Select(total => $"{total.Value} {total.Key}"))).AppendLine();
        if (_capabilities is not null)
        {
            text.AppendLine("| capability | claimed |").AppendLine("| --- | --- |");
            foreach (var property in typeof(ProviderCapabilities).GetProperties())
            {
                text.AppendLine($"| {property.Name} | {property.GetValue(_capabilities)} |");
            }

            text.AppendLine();
        }

        text.AppendLine("| rule | what | result | reason | test |").AppendLine("| --- | --- | --- | --- | --- |");
        foreach (var result in _results.Values)
        {
            text.AppendLine($"| {result.Id} | {result.Rule} | {result.Outcome} | {result.Reason?.Replace('|', '/')} | {result.Test} |");
        }

        return text.ToString();
    }

    private sealed record RuleResult(string Id, string Rule, string Test, RuleOutcome Outcome, string? Reason);
}

/// <summary>How a rule fared.</summary>
internal enum RuleOutcome
{
    Passed,
    Failed,
    Skipped,
    NotRun,
}
