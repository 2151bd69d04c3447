namespace DashStream.Conformance;

/// <summary>What happens in the run of a seed besides the faults: how many of everything, who comes and goes when, which messages no handler can handle.</summary>
internal sealed class FaultScenario
{
    private readonly FaultPlan _plan;

    public FaultScenario(FaultPlan plan)
    {
        _plan = plan;
        var random = new Random(plan.Seed);
        Partitions = random.Next(1, 4);
        Threads = random.Next(1, 7);
        Producers = random.Next(1, 3);
        Messages = random.Next(10, 60);
        Concurrency = random.Next(1, 9);
        Members = [.. Enumerable.Range(0, random.Next(1, 4)).Select(i => Plan(i, random))];
        SendsDirectly = Draw("direct sends") < 0.35;
        KeepsFailedSends = !SendsDirectly && Draw("letters of sends") < 0.4;
        RemembersIds = Draw("duplicate window") < 0.35;
        HandlesBatches = Draw("batches") < 0.3;
        GapPolicy = Draw("gaps") switch { < 0.5 => GapPolicy.Warn, < 0.6 => GapPolicy.Continue, _ => GapPolicy.HaltThread };
        Text = $"{Partitions} partitions, {Threads} threads, {Producers} producers, {Messages} messages, {Members.Count} members, gaps: {GapPolicy}"
            + $"{(SendsDirectly ? ", direct sends" : "")}{(KeepsFailedSends ? ", letters of sends" : "")}{(RemembersIds ? ", window" : "")}{(HandlesBatches ? ", batches" : "")}";
    }

    /// <summary>Whether producers are the provider's own, without faults of sends but those that the provider brings.</summary>
    public bool SendsDirectly { get; }

    /// <summary>Whether failed sends become dead letters.</summary>
    public bool KeepsFailedSends { get; }

    /// <summary>Whether members drop messages whose id they handled.</summary>
    public bool RemembersIds { get; }

    /// <summary>Whether members handle batches.</summary>
    public bool HandlesBatches { get; }

    public GapPolicy GapPolicy { get; }

    public string Text { get; }

    public int Partitions { get; }

    public int Threads { get; }

    public int Producers { get; }

    public int Messages { get; }

    public int Concurrency { get; }

    public IReadOnlyList<MemberPlan> Members { get; }

    public int ThreadOf(int message) => (int)(_plan.Draw(FaultPoint.SlowHandler, "thread", message) * Threads);

    /// <summary>Whether the sender waits for this message before it sends the next.</summary>
    public bool IsAwaited(int message) => _plan.Draw(FaultPoint.SlowHandler, "awaited", message) < 0.3;

    public TimeSpan PauseAfter(int message) =>
        _plan.Draw(FaultPoint.SlowHandler, "pause", message) is var draw && draw < 0.6 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(draw * 60);

    public TimeSpan HandlingOf(int message, int call) => _plan.DelayAt(FaultPoint.SlowHandler, 0.3, $"message {message}", call);

    public bool Fails(int message, int call) =>
        IsPoison(message) || _plan.Happens(FaultPoint.FailedHandler, 0.1, $"message {message}", call);

    private double Draw(string what) => _plan.Draw(FaultPoint.SlowHandler, what, 0);

    private bool IsPoison(int message) => _plan.Draw(FaultPoint.FailedHandler, "poison", message) < 0.05;

    // The first member stays to the end, or nobody would be left to finish.
    private static MemberPlan Plan(int index, Random random) => index == 0
        ? new MemberPlan(TimeSpan.Zero, TimeSpan.Zero, 1)
        : new MemberPlan(TimeSpan.FromMilliseconds(random.Next(0, 1500)), TimeSpan.FromMilliseconds(random.Next(50, 1500)), random.Next(1, 4));

    /// <param name="Away">How long it is away before each of its stays.</param>
    /// <param name="Stay">How long it stays; zero: to the end.</param>
    /// <param name="Stays">How often it comes.</param>
    public sealed record MemberPlan(TimeSpan Away, TimeSpan Stay, int Stays);
}
