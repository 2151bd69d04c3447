namespace DashStream.Conformance.Providers.Faults;

/// <summary>What a <see cref="FaultyProvider"/> does wrong; what is not set is done right.</summary>
internal sealed record FaultSet
{
    public Func<StreamRecord, StreamRecord> OnSend { get; init; } = static record => record;

    public Func<IReadOnlyList<StreamRecord>, IReadOnlyList<StreamRecord>> OnRead { get; init; } = static records => records;

    public Func<ProviderCapabilities, ProviderCapabilities> Claims { get; init; } = static claims => claims;

    public bool HidesGaps { get; init; }

    public bool AcceptsFencedCommits { get; init; }
}
