using DashStream.Providers;

namespace DashStream.Conformance.Providers.Faults;

/// <summary>Memory with one fault.</summary>
internal abstract class FaultyMemory(FaultSet faults) : ConformanceFixture
{
    public override ValueTask<IStreamProvider> OpenProviderAsync(ProviderSetup setup) => new(new FaultyProvider(new MemoryProvider(), faults));
}

internal sealed class DropsAHeader() : FaultyMemory(new FaultSet
{
    OnSend = record => new StreamRecord(record.Key, record.Value, [.. record.Headers.Skip(1)], record.TimestampUs) { TargetPartition = record.TargetPartition },
});

internal sealed class LosesNull() : FaultyMemory(new FaultSet
{
    OnSend = record => new StreamRecord(record.Key, record.Value ?? ReadOnlyMemory<byte>.Empty, record.Headers, record.TimestampUs),
});

internal sealed class KeepsMilliseconds() : FaultyMemory(new FaultSet
{
    OnSend = record => new StreamRecord(record.Key, record.Value, record.Headers, record.TimestampUs / 1_000 * 1_000),
});

internal sealed class Reorders() : FaultyMemory(new FaultSet { OnRead = records => [.. records.Reverse()] });

internal sealed class Doubles() : FaultyMemory(new FaultSet { OnRead = records => [.. records, .. records.TakeLast(1)] });

internal sealed class HidesGaps() : FaultyMemory(new FaultSet { HidesGaps = true });

internal sealed class AcceptsFencedCommits() : FaultyMemory(new FaultSet { AcceptsFencedCommits = true });

internal sealed class ClaimsToPersist() : FaultyMemory(new FaultSet { Claims = claims => claims with { Persistent = true } });

internal sealed class DeniesRetention() : FaultyMemory(new FaultSet { Claims = claims => claims with { RetentionByAge = false } });

internal sealed class DeniesCounting() : FaultyMemory(new FaultSet { Claims = claims => claims with { CountsRecords = false } });
