using System.Diagnostics.Metrics;
using DashStream.Protocol;
using DashStream.Telemetry;

namespace DashStream.Runs;

/// <summary>What recording runs costs and loses, under the original's names, on the meter <c>DashStream</c>.</summary>
internal static class RunMeter
{
    private static readonly Meter Meter = new(PipelineMeter.Name);

    private static readonly Counter<long> Dropped =
        Meter.CreateCounter<long>("dashstream_telemetry_dropped_total", null, "Messages of runs that were not taken.");

    private static readonly Counter<long> SendFailures =
        Meter.CreateCounter<long>("dashstream_telemetry_send_failures_total", null, "Messages of runs that were taken and could not be sent.");

    private static readonly Counter<long> Degraded =
        Meter.CreateCounter<long>("dashstream_state_diff_degraded_total", null, "States of runs that did not go out as a patch, or not at all.");

    public static readonly UpDownCounter<long> QueueDepth =
        Meter.CreateUpDownCounter<long>("dashstream_telemetry_queue_depth", null, "Messages of runs that are taken and not yet decided.");

    public static void Drop(MessageType kind, RunLoss reason)
    {
        if (Dropped.Enabled)
        {
            Dropped.Add(1, new("message_type", NameOf(kind)), new("reason", NameOf(reason)));
        }
    }

    public static void SendFailed(MessageType kind)
    {
        if (SendFailures.Enabled)
        {
            SendFailures.Add(1, new KeyValuePair<string, object?>("message_type", NameOf(kind)));
        }
    }

    public static void Degrade(string reason) => Degraded.Add(1, new KeyValuePair<string, object?>("reason", reason));

    private static string NameOf(RunLoss reason) => reason switch
    {
        RunLoss.QueueFull => "queue_full",
        RunLoss.CapacityLimit => "capacity_limit",
        RunLoss.RunEnded => "run_ended",
        _ => "stopped",
    };

    private static string NameOf(MessageType kind) => kind switch
    {
        MessageType.Event => "event",
        MessageType.StateDiff => "state_diff",
        MessageType.TokenChunk => "token_chunk",
        MessageType.ToolExecution => "tool_execution",
        MessageType.Checkpoint => "checkpoint",
        MessageType.Metrics => "metrics",
        MessageType.Error => "error",
        MessageType.ExecutionTrace => "execution_trace",
        _ => "other",
    };
}
