using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DashStream.Cli.DeadLetters;
using DashStream.State;

namespace DashStream.Cli.State;

/// <summary>States, steps and patches, as JSON and as text for people.</summary>
internal static class StateText
{
    private const int LongestValue = 200;
    private const int ShownHash = 12;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 1000 };

    /// <param name="writer">Where to.</param>
    /// <param name="moment">The moment; its hash and size are those of the state as it is stored.</param>
    /// <param name="state">What is printed of the state; null leaves it out.</param>
    public static void WriteMoment(Utf8JsonWriter writer, StateMoment moment, ReadOnlyMemory<byte>? state)
    {
        writer.WriteString("thread_id", moment.ThreadId);
        writer.WriteString("tenant_id", moment.TenantId);
        writer.WriteNumber("sequence", moment.Sequence);
        writer.WriteString("position", moment.Position?.ToString());
        writer.WriteNumber("timestamp_us", moment.TimestampUs);
        writer.WriteString("producer", moment.Producer);
        writer.WriteString("came_as", KindOf(moment));
        writer.WriteString("state_hash", moment.Hash.ToString());
        writer.WriteNumber("state_bytes", moment.State.Length);
        if (state is { } shown)
        {
            writer.WritePropertyName("state");
            writer.WriteRawValue(shown.Span, skipInputValidation: true);
        }
    }

    public static void WriteObject(Utf8JsonWriter writer, string name, StateMoment? moment, ReadOnlyMemory<byte>? state)
    {
        if (moment is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartObject(name);
        WriteMoment(writer, moment, state);
        writer.WriteEndObject();
    }

    public static void WritePatch(Utf8JsonWriter writer, StatePatch? patch)
    {
        writer.WritePropertyName("patch");
        if (patch is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteRawValue(patch.Json.Span, skipInputValidation: true);
        }
    }

    /// <summary>Where and when, in one line.</summary>
    public static string Line(StateMoment moment)
    {
        var time = moment.TimestampUs > 0 ? StatePoint.AtTime(moment.TimestampUs).ToString() : "no time";
        return FormattableString.Invariant($"number {moment.Sequence}  {moment.Position}  {time}  {KindOf(moment)}  {moment.State.Length:N0} bytes  {moment.Hash.ToString()[..ShownHash]}");
    }

    public static void PrintState(TextWriter output, ReadOnlyMemory<byte> state)
    {
        var tree = JsonNode.Parse(state.Span, documentOptions: new JsonDocumentOptions { MaxDepth = Indented.MaxDepth });
        output.Write(LetterText.Visible(tree?.ToJsonString(Indented) ?? "null"));
        output.Write('\n');
    }

    public static void PrintPatch(TextWriter output, StatePatch patch)
    {
        foreach (var operation in patch.Operations)
        {
            var (sign, value) = operation.Kind switch
            {
                StateOperationKind.Add => ("+", Short(operation.Value)),
                StateOperationKind.Remove => ("-", ""),
                StateOperationKind.Replace => ("~", Short(operation.Value)),
                _ => (operation.Kind.ToString().ToLowerInvariant(), operation.From ?? ""),
            };
            output.Write(LetterText.Visible($"  {sign} {(operation.Path.Length == 0 ? "(everything)" : operation.Path)}  {value}").TrimEnd());
            output.Write('\n');
        }
    }

    public static string KindOf(StateMoment moment) => moment.Kind.ToString().ToLowerInvariant();

    private static string Short(ReadOnlyMemory<byte> json)
    {
        var text = Encoding.UTF8.GetString(json.Span).ReplaceLineEndings(" ");
        return text.Length <= LongestValue ? text : $"{text[..LongestValue]}… ({json.Length:N0} bytes)";
    }
}
