using Google.Protobuf.Reflection;

namespace DashStream;

/// <summary>What a message type's fields hold on the wire, as far as <see cref="WireCheck"/> must know. Made once from the schema.</summary>
internal sealed class MessageShape
{
    private FieldShape[] _fields = [];

    private MessageShape()
    {
    }

    public static MessageShape DashStreamMessage { get; } = Of(Protocol.DashStreamMessage.Descriptor, []);

    /// <summary>The shape of a field; that of an unknown field when the schema does not have it.</summary>
    public FieldShape this[uint number] => number < (uint)_fields.Length ? _fields[number] : default;

    private static MessageShape Of(MessageDescriptor descriptor, Dictionary<MessageDescriptor, MessageShape> known)
    {
        if (known.TryGetValue(descriptor, out var shape))
        {
            return shape;
        }

        shape = known[descriptor] = new MessageShape();
        var fields = descriptor.Fields.InFieldNumberOrder();
        shape._fields = new FieldShape[fields[^1].FieldNumber + 1];
        foreach (var field in fields)
        {
            shape._fields[field.FieldNumber] = field.FieldType == FieldType.Message
                ? new FieldShape(FieldContent.Message, Of(field.MessageType, known))
                : new FieldShape(ContentOf(field), null);
        }

        return shape;
    }

    private static FieldContent ContentOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => FieldContent.Text,
        FieldType.Float when field.IsRepeated => FieldContent.PackedFixed32,
        FieldType.UInt32 when field.IsRepeated => FieldContent.PackedVarint,
        _ => FieldContent.Anything,
    };
}
