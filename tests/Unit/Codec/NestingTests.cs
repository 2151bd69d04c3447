using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Tests.Codec;

/// <summary>Depth is refused on both sides, at the same level, and never ends the process.</summary>
[TestClass]
public sealed class NestingTests
{
    private static readonly MessageCodec Codec = TestFrames.Lenient();

    [TestMethod]
    public void Ten_thousand_levels_of_nesting_are_refused_both_ways()
    {
        byte[] value = [0x10, 0x01];
        var attribute = new AttributeValue { IntValue = 1 };
        for (var level = 0; level < 10_000; level++)
        {
            byte[] array = [0x0A, .. Length(value), .. value];
            value = [0x32, .. Length(array), .. array];
            attribute = new AttributeValue { ArrayValue = new AttributeArray { Values = { attribute } } };
        }

        byte[] entry = [0x0A, 0x01, 0x61, 0x12, .. Length(value), .. value];
        byte[] body = [0x22, .. Length(entry), .. entry];
        byte[] frame = [0, 0x0A, .. Length(body), .. body];
        var message = new DashStreamMessage { Event = new Event { Attributes = { ["a"] = attribute } } };

        TestFrames.Refused(Codec, frame, CodecFailure.Protobuf);
        var exception = Assert.ThrowsExactly<CodecException>(() => Codec.Encode(message));
        Assert.AreEqual(CodecFailure.Protobuf, exception.Failure);
    }

    [TestMethod]
    public void What_may_be_encoded_is_not_too_deep_to_decode()
    {
        foreach (var inBatch in (bool[])[false, true])
        {
            var attribute = new AttributeValue { IntValue = 1 };
            DashStreamMessage? deepest = null;
            for (var level = 0; level < 200 && TryEncode(attribute, inBatch, out var message); level++)
            {
                deepest = message;
                attribute = level % 2 == 0
                    ? new AttributeValue { ArrayValue = new AttributeArray { Values = { attribute } } }
                    : new AttributeValue { MapValue = new AttributeMap { Values = { ["k"] = attribute } } };
            }

            Assert.AreEqual(deepest, Codec.Decode(Codec.Encode(deepest!)));
            byte[] oneMore = [0, .. Message(attribute, inBatch).ToByteArray()];
            TestFrames.Refused(Codec, oneMore, CodecFailure.Protobuf);
        }
    }

    private static bool TryEncode(AttributeValue attribute, bool inBatch, out DashStreamMessage message)
    {
        message = Message(attribute, inBatch);
        try
        {
            Codec.Encode(message);
            return true;
        }
        catch (CodecException)
        {
            return false;
        }
    }

    private static DashStreamMessage Message(AttributeValue attribute, bool inBatch)
    {
        var one = new Event { Attributes = { ["a"] = attribute } };
        return inBatch ? new DashStreamMessage { EventBatch = new EventBatch { Events = { one } } } : new DashStreamMessage { Event = one };
    }

    private static byte[] Length(byte[] content)
    {
        var bytes = new byte[5];
        return bytes[..Varint.Write(bytes, content.Length)];
    }
}
