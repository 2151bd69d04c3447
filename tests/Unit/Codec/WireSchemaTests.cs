using DashStream.Protocol;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace DashStream.Tests.Codec;

/// <summary>The schema is wire-exact: its counts, and the bytes of one known event.</summary>
[TestClass]
public sealed class WireSchemaTests
{
    private const string GoldenEventHex =
        "0a430a380a100102030405060708090a0b0c0d0e0f1010d285d8cc041a0b746573742d74656e616e74220b746573742d74687265616428013001480110011a057374617274";

    [TestMethod]
    public void The_schema_has_23_messages_138_fields_11_enums_and_87_enum_values()
    {
        var file = DashstreamReflection.Descriptor;

        var messages = file.MessageTypes.SelectMany(WithNested).Where(message => !IsMapEntry(message)).ToList();
        var enums = file.EnumTypes.Concat(messages.SelectMany(message => message.EnumTypes)).ToList();

        Assert.HasCount(23, messages);
        Assert.AreEqual(138, messages.Sum(message => message.Fields.InDeclarationOrder().Count));
        Assert.HasCount(11, enums);
        Assert.AreEqual(87, enums.Sum(values => values.Values.Count));
    }

    [TestMethod]
    public void Every_body_has_the_header_as_field_1_and_a_one_byte_tag()
    {
        var arms = DashStreamMessage.Descriptor.Oneofs.Single(oneof => oneof.Name == "message").Fields;

        Assert.HasCount(9, arms);
        foreach (var arm in arms)
        {
            Assert.IsLessThan(16, arm.FieldNumber);
            Assert.AreEqual(Header.Descriptor, arm.MessageType.FindFieldByNumber(1).MessageType, arm.Name);
        }
    }

    [TestMethod]
    public void The_golden_event_has_the_known_bytes()
    {
        var message = GoldenEvent();

        Assert.AreEqual(GoldenEventHex, Convert.ToHexStringLower(message.ToByteArray()));
        Assert.AreEqual(message, DashStreamMessage.Parser.ParseFrom(Convert.FromHexString(GoldenEventHex)));
    }

    [TestMethod]
    public void Unknown_fields_and_enum_numbers_survive_a_round_trip()
    {
        byte[] header = [0x30, 0xE7, 0x07, 0xFA, 0x3E, 0x03, 0x61, 0x62, 0x63]; // type = 999, field 1007 = "abc"
        byte[] body = [0x0A, (byte)header.Length, .. header, 0x10, 0xF8, 0x06]; // event_type = 888
        byte[] bytes = [0x0A, (byte)body.Length, .. body];

        var message = DashStreamMessage.Parser.ParseFrom(bytes);

        Assert.AreEqual(999, (int)message.Event.Header.Type);
        Assert.AreEqual(888, (int)message.Event.EventType);
        CollectionAssert.AreEqual(bytes, message.ToByteArray());
    }

    internal static DashStreamMessage GoldenEvent() => new()
    {
        Event = new Event
        {
            Header = new Header
            {
                MessageId = ByteString.CopyFrom([.. Enumerable.Range(1, 16).Select(number => (byte)number)]),
                TimestampUs = 1234567890,
                TenantId = "test-tenant",
                ThreadId = "test-thread",
                Sequence = 1,
                Type = MessageType.Event,
                SchemaVersion = 1,
            },
            EventType = EventType.GraphStart,
            NodeId = "start",
        },
    };

    private static bool IsMapEntry(MessageDescriptor message) => message.GetOptions()?.MapEntry ?? false;

    private static IEnumerable<MessageDescriptor> WithNested(MessageDescriptor message) =>
        [message, .. message.NestedTypes.SelectMany(WithNested)];
}
