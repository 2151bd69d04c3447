using System.Collections.Frozen;
using DashStream.Protocol;
using Google.Protobuf.Reflection;
using static DashStream.Protocol.ToolExecution.Types;

namespace DashStream.Analysis;

/// <summary>The wire's own names of enum values, without their common beginning: <c>GRAPH_START</c>, <c>COMPLETED</c>.</summary>
internal static class WireNames
{
    private static readonly FrozenDictionary<int, string> EventTypes = Names(DashstreamReflection.Descriptor.EnumTypes, "EventType", "EVENT_TYPE_");
    private static readonly FrozenDictionary<int, string> MessageTypes = Names(DashstreamReflection.Descriptor.EnumTypes, "MessageType", "MESSAGE_TYPE_");
    private static readonly FrozenDictionary<int, string> Stages = Names(ToolExecution.Descriptor.EnumTypes, "ExecutionStage", "EXECUTION_STAGE_");
    private static readonly FrozenDictionary<int, string> Severities = Names(Error.Descriptor.EnumTypes, "Severity", "SEVERITY_");

    public static string Of(EventType type) =>
        type != EventType.Unspecified && EventTypes.TryGetValue((int)type, out var name) ? name : $"UNKNOWN({(int)type})";

    public static string Of(MessageType type) => MessageTypes.TryGetValue((int)type, out var name) ? name : $"UNKNOWN({(int)type})";

    public static string Of(ExecutionStage stage) =>
        stage != ExecutionStage.Unspecified && Stages.TryGetValue((int)stage, out var name) ? name : "UNKNOWN";

    public static string Of(Error.Types.Severity severity) =>
        severity != Error.Types.Severity.Unspecified && Severities.TryGetValue((int)severity, out var name) ? name : "UNKNOWN";

    private static FrozenDictionary<int, string> Names(IEnumerable<EnumDescriptor> enums, string name, string prefix) =>
        enums.Single(e => e.Name == name).Values.ToFrozenDictionary(
            value => value.Number,
            value => value.Name.StartsWith(prefix, StringComparison.Ordinal) ? value.Name[prefix.Length..] : value.Name);
}
