using System.Buffers;
using System.Text.Json;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Tests.Codec;

/// <summary>What the original implementation wrote, we read; what it would compress, we compress.</summary>
[TestClass]
public sealed class GoldenMessagesTests
{
    private static readonly MessageCodec Codec = TestFrames.Lenient();

    private static readonly MessageCodec Level9From64 = TestFrames.Lenient(options =>
    {
        options.CompressionLevel = 9;
        options.CompressionThresholdBytes = 64;
    });

    [TestMethod]
    public void Trimmed_golden_messages_of_all_kinds_decode_and_encode_to_equal_messages() =>
        CheckMessages(GoldenData.Trimmed("golden", "messages.jsonl"));

    [TestMethod]
    public void All_golden_messages_decode_and_encode_to_equal_messages() =>
        CheckMessages(GoldenData.Shared("golden", "messages.jsonl"));

    [TestMethod]
    public void Trimmed_topic_of_the_original_decodes() => CheckTopic(GoldenData.Trimmed("golden", "kafka-topic.jsonl"));

    [TestMethod]
    public void Whole_topic_of_the_original_decodes() => CheckTopic(GoldenData.Shared("golden", "kafka-topic.jsonl"));

    private static void CheckMessages(string file)
    {
        var kinds = new HashSet<int>();
        foreach (var line in GoldenData.JsonLines(file))
        {
            var message = DashStreamMessage.Parser.ParseFrom(Hex(line, "raw"));
            var kind = line.GetProperty("kind").GetInt32();

            Assert.AreEqual(kind, (int)message.MessageCase);
            CheckDecoding(line, message);
            CheckEncoding(line, message);
            CheckStamping(message);
            kinds.Add(kind);
        }

        Assert.HasCount(9, kinds);
    }

    private static void CheckDecoding(JsonElement line, DashStreamMessage message)
    {
        foreach (var name in (string[])["framed", "framed_zstd3_512", "framed_zstd9_64"])
        {
            var frame = Hex(line, name);

            var expected = frame[0] == 1 ? TestFrames.Marked(message) : message;
            Assert.AreEqual(expected, Codec.Decode(frame), name);
        }

        Assert.AreEqual(message, Codec.DecodeRaw(Hex(line, "raw")));
    }

    private static void CheckEncoding(JsonElement line, DashStreamMessage message)
    {
        var before = message.Clone();
        var output = new ArrayBufferWriter<byte>();

        var info = Codec.Encode(message, output);

        var compressed = line.GetProperty("compressed").GetBoolean();
        Assert.AreEqual(compressed ? FrameCompression.Zstd : FrameCompression.None, info.Compression, $"{message.CalculateSize()} bytes");
        Assert.AreEqual(output.WrittenCount, info.FrameBytes);
        Assert.AreEqual(compressed ? TestFrames.Marked(message) : message, Codec.Decode(output.WrittenMemory));
        Assert.AreEqual(Hex(line, "framed_zstd9_64")[0], Level9From64.Encode(message)[0]);
        Assert.AreEqual(before, message);
    }

    private static void CheckStamping(DashStreamMessage message)
    {
        var header = new Header { MessageId = ByteString.CopyFromUtf8("0123456789abcdef"), ThreadId = "stamped", Sequence = 7, SchemaVersion = 1 };
        var before = message.Clone();
        var expected = message.Clone();
        TestFrames.SetHeader(expected, header);

        var frame = Codec.Encode(message, header);

        Assert.AreEqual(frame[0] == 1 ? TestFrames.Marked(expected) : expected, Codec.Decode(frame));
        Assert.AreEqual(before, message);
    }

    private static void CheckTopic(string file)
    {
        var codec = new MessageCodec();
        foreach (var line in GoldenData.JsonLines(file))
        {
            var message = codec.Decode(Hex(line, "value_hex"));

            var header = MessageParts.HeaderOf(message)!;
            Assert.AreEqual(line.GetProperty("key").GetString(), header.ThreadId);
            Assert.AreEqual((int)header.Type, (int)message.MessageCase);
            Assert.AreEqual(message, codec.Decode(codec.Encode(message)));
        }
    }

    private static byte[] Hex(JsonElement line, string name) => Convert.FromHexString(line.GetProperty(name).GetString()!);
}
