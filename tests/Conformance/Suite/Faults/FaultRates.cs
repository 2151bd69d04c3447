namespace DashStream.Conformance;

/// <summary>How likely each fault is, from 0 to 1, each time there is an occasion for it. The defaults make a run of fifty messages meet most of them.</summary>
public sealed record FaultRates
{
    /// <summary>A send is refused at once with <see cref="StreamErrorKind.Throttled"/>; nothing is stored.</summary>
    public double RefusedSends { get; init; } = 0.05;

    /// <summary>A send fails and nothing is stored.</summary>
    public double LostSends { get; init; } = 0.04;

    /// <summary>A send is stored and fails all the same: its reply was lost.</summary>
    public double LostReplies { get; init; } = 0.04;

    /// <summary>A send is stored twice, one copy behind the other.</summary>
    public double DoubledSends { get; init; } = 0.04;

    /// <summary>A send waits, so that other keys overtake it.</summary>
    public double DelayedSends { get; init; } = 0.2;

    /// <summary>A read fails before anything is taken.</summary>
    public double FailedReads { get; init; } = 0.04;

    /// <summary>A read waits.</summary>
    public double DelayedReads { get; init; } = 0.2;

    /// <summary>The connection of a group member is torn: its partitions are lost, and it joins again as another member.</summary>
    public double TornConnections { get; init; } = 0.03;

    /// <summary>A commit fails and does not count.</summary>
    public double LostCommits { get; init; } = 0.1;

    /// <summary>A commit counts and fails all the same.</summary>
    public double LostCommitReplies { get; init; } = 0.1;

    /// <summary>A commit waits.</summary>
    public double DelayedCommits { get; init; } = 0.2;

    /// <summary>Opening a producer or a consumer fails.</summary>
    public double FailedOpens { get; init; } = 0.1;

    /// <summary>The longest of the waits above.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMilliseconds(200);
}
