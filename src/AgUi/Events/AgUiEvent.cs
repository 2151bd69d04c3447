using System.Text.Json;

namespace DashStream.AgUi;

/// <summary>
/// One AG-UI event: its text as it was written, so that nothing of it is lost, and its fields by name. Fields of the protocol are found under their camelCase
/// names however they were spelled; others under the name they have. Immutable and safe to use concurrently.
/// </summary>
public sealed class AgUiEvent
{
    private readonly AgUiField[] _fields;

    internal AgUiEvent(string typeName, ReadOnlyMemory<byte> json, AgUiField[] fields)
    {
        (TypeName, Json, _fields) = (typeName, json, fields);
        Type = AgUiTypeNames.TypeOf(typeName);
    }

    /// <summary>The kind; <see cref="AgUiEventType.Unknown"/> for one that this version does not know.</summary>
    public AgUiEventType Type { get; }

    /// <summary>The kind as it is written, such as RUN_STARTED.</summary>
    public string TypeName { get; }

    /// <summary>The event as it was written, in UTF-8.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>The conversation that a run belongs to.</summary>
    public string? ThreadId => Text("threadId");

    /// <summary>The run.</summary>
    public string? RunId => Text("runId");

    /// <summary>The message, thought or activity that is meant.</summary>
    public string? MessageId => Text("messageId");

    /// <summary>The tool call that is meant.</summary>
    public string? ToolCallId => Text("toolCallId");

    /// <summary>The tool that is called.</summary>
    public string? ToolCallName => Text("toolCallName");

    /// <summary>The message that a tool call belongs to.</summary>
    public string? ParentMessageId => Text("parentMessageId");

    /// <summary>The piece of text or arguments; null where the delta is a patch.</summary>
    public string? Delta => Text("delta");

    /// <summary>The role of a message.</summary>
    public string? Role => Text("role");

    /// <summary>The step.</summary>
    public string? StepName => Text("stepName");

    /// <summary>The name of a custom event, a message's author or a subagent.</summary>
    public string? Name => Text("name");

    /// <summary>What an error says.</summary>
    public string? Message => Text("message");

    /// <summary>The code of an error.</summary>
    public string? Code => Text("code");

    /// <summary>The other agent within the run that the event comes from.</summary>
    public string? SubagentRunId => Text("subagentRunId");

    /// <summary>The time as it was written: milliseconds since 1970 by the protocol, seconds from some senders. Null when absent or no whole number.</summary>
    public long? Timestamp =>
        TryGet("timestamp", out var json) && JsonScalar.TryWhole(json.Span, out var number) ? number : null;

    /// <summary>The names of its fields, in the order in which they were written, without <c>type</c>.</summary>
    public IEnumerable<string> FieldNames => _fields.Where(one => one.Name != "type").Select(one => one.Name);

    internal ReadOnlySpan<AgUiField> Fields => _fields;

    /// <summary>Reads one event.</summary>
    /// <param name="json">A JSON object in UTF-8. It is not copied: leave it alone as long as the event is used.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <param name="index">Its place in the stream, for errors.</param>
    /// <exception cref="AgUiException">It is no JSON object with a <c>type</c>, names a field twice, or is over a limit.</exception>
    public static AgUiEvent Parse(ReadOnlyMemory<byte> json, AgUiReaderOptions? options = null, long index = 0) =>
        AgUiEventParser.Parse(json, AgUiReaderOptions.Checked(options), index);

    /// <summary>Makes an event of text fields. Fields that are null are left out, as the protocol asks.</summary>
    /// <param name="type">The kind; not <see cref="AgUiEventType.Unknown"/>.</param>
    /// <param name="fields">Its fields.</param>
    public static AgUiEvent Create(AgUiEventType type, params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        var draft = new AgUiDraft(type);
        foreach (var (name, value) in fields)
        {
            draft.Set(name, value);
        }

        return draft.ToEvent();
    }

    /// <summary>The value of a field as JSON text, null values included.</summary>
    /// <param name="name">The field, in camelCase where the protocol knows it.</param>
    /// <param name="json">Its value as written.</param>
    public bool TryGet(string name, out ReadOnlyMemory<byte> json)
    {
        foreach (var field in _fields)
        {
            if (field.Name == name)
            {
                json = Json.Slice(field.Start, field.Length);
                return true;
            }
        }

        json = default;
        return false;
    }

    /// <summary>The value of a text field; null when it is absent or no text.</summary>
    /// <param name="name">The field.</param>
    public string? Text(string name)
    {
        foreach (var field in _fields)
        {
            if (field.Name == name)
            {
                return field.Kind == JsonTokenType.String ? JsonScalar.Text(Json.Span.Slice(field.Start, field.Length)) : null;
            }
        }

        return null;
    }

    /// <summary>The same event with a field set or, for null, left out.</summary>
    /// <param name="name">The field; not <c>type</c>.</param>
    /// <param name="json">The value as JSON text.</param>
    /// <exception cref="AgUiException">The value is not JSON.</exception>
    public AgUiEvent With(string name, ReadOnlyMemory<byte>? json)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfEqual(name, "type");
        var draft = new AgUiDraft(this);
        if (json is { } value)
        {
            if (!JsonScalar.IsJson(value.Span, AgUiReaderOptions.Default.MaxDepth))
            {
                throw new AgUiException(StreamErrorKind.InvalidRequest, AgUiRule.NotJson, 0, name, "the value is not one JSON value; quote texts");
            }

            draft.SetJson(name, value);
        }
        else
        {
            draft.Remove(name);
        }

        return Parse(draft.ToJson());
    }

    /// <summary>
    /// The event as the protocol wants it sent: one line, names of the protocol in camelCase, optional fields that are null left out. Nulls that say something,
    /// such as in states, patches and raw events, and fields that the protocol does not know, stay.
    /// </summary>
    public byte[] ToWire() => AgUiWire.Write(this);

    /// <summary>The kind and the text.</summary>
    public override string ToString() => TypeName;
}
