using System.Diagnostics.Metrics;
using DashStream.Telemetry;

namespace DashStream.State;

/// <summary>What replicas meet, on the meter <c>DashStream</c>.</summary>
internal static class ReplicaMeter
{
    public static readonly Counter<long> Gaps = Count("dashstream_replica_gaps_total", "Times that a replica met a patch that does not lead on from its state.");
    public static readonly Counter<long> Resyncs = Count("dashstream_replica_resyncs_total", "Times that a replica that waited was brought back.");
    public static readonly Counter<long> Refused = Count("dashstream_replica_refused_total", "State messages that a replica could not read.");
    public static readonly Counter<long> GivenUp = Count("dashstream_replica_given_up_total", "Patches that a waiting replica had no more room for.");
    public static readonly Counter<long> Evicted = Count("dashstream_replica_evicted_total", "Replicas that made room for others.");

    private static Counter<long> Count(string name, string description) => PipelineMeter.Meter.CreateCounter<long>(name, null, description);
}
