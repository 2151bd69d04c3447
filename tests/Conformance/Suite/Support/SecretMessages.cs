using System.Collections;
using DashStream.Protocol;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace DashStream.Conformance;

/// <summary>
/// Messages of every kind with a secret in every place for text or bytes, found by walking the schema: a field that is added to it is filled too, and fails the
/// case until redaction looks at it or it is named here as something that is never secret.
/// </summary>
internal sealed class SecretMessages(string secret)
{
    private const int Deepest = 6;

    // Ids, hashes, times and names: what redaction leaves alone, as docs/redaction.md says.
    private static readonly HashSet<string> NeverSecret =
    [
        "Event.llm_request_id", "TokenChunk.request_id", "ToolExecution.call_id", "StateDiff.base_checkpoint_id", "StateDiff.state_hash", "DiffOperation.path",
        "DiffOperation.from", "Checkpoint.checkpoint_id", "Checkpoint.checksum", "Metrics.scope_id", "ExecutionTrace.thread_id", "ExecutionTrace.execution_id",
        "ExecutionTrace.started_at", "ExecutionTrace.ended_at", "NodeExecutionRecord.started_at", "NodeExecutionRecord.ended_at", "ErrorRecord.timestamp",
    ];

    private readonly ByteString _json = ByteString.CopyFromUtf8($"{{\"x\":[\"{secret}\"]}}");

    public IReadOnlyList<DashStreamMessage> All =>
    [
        .. from arm in DashStreamMessage.Descriptor.Oneofs[0].Fields
           from body in Filled(arm.MessageType, depth: 0)
           select With(arm, body),
    ];

    /// <summary>Names here that the schema does not have.</summary>
    public static IEnumerable<string> Unknown =>
        NeverSecret.Except(DashStreamMessage.Descriptor.File.MessageTypes.SelectMany(type => type.Fields.InFieldNumberOrder()).Select(NameOf));

    private static DashStreamMessage With(FieldDescriptor arm, IMessage body)
    {
        var message = new DashStreamMessage();
        arm.Accessor.SetValue(message, body);
        return message;
    }

    private static string NameOf(FieldDescriptor field) => $"{field.ContainingType.Name}.{field.Name}";

    // As many as it takes to have each arm of each choice in one of them.
    private List<IMessage> Filled(MessageDescriptor type, int depth)
    {
        if (type.FullName == Header.Descriptor.FullName)
        {
            return [new Header { ThreadId = "thread", TenantId = "t" }];
        }

        var singles = type.Fields.InFieldNumberOrder().Where(field => field is { IsRepeated: false, RealContainingOneof: null })
            .Select(field => (Field: field, Values: ValuesOf(field, depth))).Where(single => single.Values.Count > 0).ToList();
        var choices = type.Oneofs.Where(choice => !choice.IsSynthetic)
            .Select(choice => choice.Fields.SelectMany(field => ValuesOf(field, depth).Select(value => (Field: field, Value: value))).ToList())
            .Where(arms => arms.Count > 0).ToList();
        var count = singles.Select(single => single.Values.Count).Concat(choices.Select(arms => arms.Count)).Append(1).Max();
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var message = type.Parser.ParseFrom(ByteString.Empty);
            singles.ForEach(single => single.Field.Accessor.SetValue(message, single.Values[i % single.Values.Count]));
            choices.Select(arms => arms[i % arms.Count]).ToList().ForEach(arm => arm.Field.Accessor.SetValue(message, arm.Value));
            foreach (var field in type.Fields.InFieldNumberOrder().Where(field => field.IsRepeated))
            {
                Fill(field, field.Accessor.GetValue(message), depth);
            }

            return message;
        })];
    }

    private void Fill(FieldDescriptor field, object collection, int depth)
    {
        if (field.IsMap)
        {
            var values = ValuesOf(field.MessageType.FindFieldByNumber(2), depth);
            for (var i = 0; i < values.Count; i++)
            {
                ((IDictionary)collection).Add($"name{i}", values[i]);
            }

            return;
        }

        foreach (var value in ValuesOf(field, depth))
        {
            ((IList)collection).Add(value);
        }
    }

    private List<object> ValuesOf(FieldDescriptor field, int depth) => field.FieldType switch
    {
        _ when NeverSecret.Contains(NameOf(field)) => [],
        FieldType.String => [secret],
        FieldType.Bytes => [_json],
        FieldType.Message when depth < Deepest => [.. Filled(field.MessageType, depth + 1)],
        _ => [],
    };
}
