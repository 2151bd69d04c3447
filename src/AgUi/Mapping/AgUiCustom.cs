using System.Text;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.AgUi;

/// <summary>Messages that AG-UI has no event for, as CUSTOM events: the name says which, the value is the message as JSON without its header.</summary>
internal static class AgUiCustom
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    public static AgUiEvent Of(DashStreamMessage message)
    {
        IMessage body = message.MessageCase switch
        {
            DashStreamMessage.MessageOneofCase.Event => message.Event.Clone(),
            DashStreamMessage.MessageOneofCase.StateDiff => message.StateDiff.Clone(),
            DashStreamMessage.MessageOneofCase.TokenChunk => message.TokenChunk.Clone(),
            DashStreamMessage.MessageOneofCase.ToolExecution => message.ToolExecution.Clone(),
            // A state is told by its patches; here only which one was kept.
            DashStreamMessage.MessageOneofCase.Checkpoint => new Checkpoint { CheckpointId = message.Checkpoint.CheckpointId, StorageUri = message.Checkpoint.StorageUri },
            DashStreamMessage.MessageOneofCase.Metrics => message.Metrics.Clone(),
            DashStreamMessage.MessageOneofCase.Error => message.Error.Clone(),
            _ => message.ExecutionTrace?.Clone() ?? new ExecutionTrace(),
        };
        body.Descriptor.FindFieldByName("header")?.Accessor.Clear(body);
        return new AgUiDraft(AgUiEventType.Custom).Set("name", NameOf(message)).SetJson("value", Encoding.UTF8.GetBytes(Formatter.Format(body))).ToEvent();
    }

    private static string NameOf(DashStreamMessage message) => $"dashstream.{Spell(
        message.Event is { } told && told.EventType != EventType.Unspecified ? told.EventType.ToString() : message.MessageCase.ToString())}";

    private static string Spell(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
