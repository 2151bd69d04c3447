using System.CommandLine;
using System.Globalization;
using DashStream.Bench;

const int DefaultRounds = 15;
const int QuickRounds = 5;

var filter = new Argument<string>("filter")
{
    Description = "Part of a case's name; all cases when left out.", DefaultValueFactory = _ => "",
};
var rounds = new Option<int?>("--rounds")
{
    Description = $"Measured rounds of each side (default {DefaultRounds}, quick {QuickRounds}).",
};
rounds.Validators.Add(result =>
{
    if (result.GetValueOrDefault<int?>() is < 1)
    {
        result.AddError("--rounds must be at least 1.");
    }
});
var quick = new Option<bool>("--quick") { Description = "Short rounds and few: to see that it runs, not to quote." };
var output = new Option<FileInfo?>("--out") { Description = "Where the results go (default artifacts/bench/TIME.json)." };

var withLong = new Option<bool>("--long") { Description = "Also the measurements that take minutes." };

var list = new Command("list", "Name the cases.");
list.SetAction(_ => ListCases());

var run = new Command("run", "Measure: warm-up, then both sides in turn.") { filter, rounds, quick, withLong, output };
run.SetAction((parsed, cancellationToken) => RunCasesAsync(
    parsed.GetValue(filter)!, parsed.GetValue(rounds), parsed.GetValue(quick), parsed.GetValue(withLong), parsed.GetValue(output), cancellationToken));

var root = new RootCommand("Measures DashStream against a yardstick, case by case.") { list, run };
return await root.Parse(args.Length == 0 ? ["run"] : args).InvokeAsync();

static void ListCases()
{
    foreach (var @case in BenchCatalog.Find(""))
    {
        Console.WriteLine($"{@case.Name,-28} {@case.Operation}: {@case.Ours.Name} against {@case.Yardstick.Name}");
    }

    foreach (var @case in BenchCatalog.FindFigures("", withLong: true))
    {
        Console.WriteLine($"{@case.Name,-28} {@case.Subject}{(@case.IsLong ? " (--long)" : "")}");
    }
}

static async Task<int> RunCasesAsync(string filter, int? rounds, bool quick, bool withLong, FileInfo? output, CancellationToken cancellationToken)
{
    var cases = BenchCatalog.Find(filter);
    var figureCases = BenchCatalog.FindFigures(filter, withLong);
    if (cases.Count + figureCases.Count == 0)
    {
        await Console.Error.WriteLineAsync($"error: no case is named like '{filter}'; 'list' names them all.");
        return 1;
    }

    var startedAt = TimeProvider.System.GetUtcNow();
    var count = rounds ?? (quick ? QuickRounds : DefaultRounds);
    var runner = new BenchRunner(count, TimeSpan.FromMilliseconds(quick ? 20 : 1000));
    List<BenchResult> results = [];
    foreach (var @case in cases)
    {
        await UnlessSkippedAsync(@case, @case.Name, async () => results.Add(Printed.Result(await runner.RunAsync(@case, cancellationToken))));
    }

    List<FigureResult> figures = [];
    foreach (var @case in figureCases)
    {
        await UnlessSkippedAsync(@case, @case.Name, async () =>
            figures.Add(Printed.Figures(new FigureResult(@case.Name, @case.Subject, await @case.RunAsync(cancellationToken)))));
    }

    output ??= ResultsFile.Default(startedAt);
    await ResultsFile.WriteAsync(output, new BenchReport(2, startedAt, count, Machine.This(), results, figures), cancellationToken);
    Console.WriteLine($"results: {output.FullName}");
    return 0;
}

static async Task UnlessSkippedAsync(IAsyncDisposable @case, string name, Func<Task> run)
{
    await using (@case)
    {
        try
        {
            await run();
        }
        catch (BenchSkippedException e)
        {
            Console.WriteLine($"{name}: skipped. {e.Message}");
        }
    }
}
