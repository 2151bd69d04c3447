namespace DashStream.Providers;

/// <summary>What a consumer reads, and how.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="GroupId">The group's id at the brokers; one that nobody else uses when reading alone.</param>
/// <param name="Options">A copy of the caller's options.</param>
internal sealed record ConsumerPlan(string Topic, string GroupId, StreamConsumerOptions Options)
{
    public string? Group => Options.Group;

    public bool IsAlone => Options.Group is null;
}
