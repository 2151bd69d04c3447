using System.Buffers;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Tests.Codec;

/// <summary>Encoding: framing, threshold, levels, stamping, limits, what is left alone.</summary>
[TestClass]
public sealed class MessageCodecTests
{
    private static readonly MessageCodec Codec = TestFrames.Lenient();

    [TestMethod]
    public void A_short_message_is_one_zero_byte_and_protobuf()
    {
        var message = WireSchemaTests.GoldenEvent();
        var output = new ArrayBufferWriter<byte>();

        var info = Codec.Encode(message, output);

        Assert.AreEqual(new FrameInfo(FrameCompression.None, EncodedBytes: 69, FrameBytes: 70), info);
        CollectionAssert.AreEqual((byte[])[0, .. message.ToByteArray()], output.WrittenSpan.ToArray());
    }

    [TestMethod]
    public void Frames_follow_what_the_writer_already_holds()
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write((ReadOnlySpan<byte>)[9, 9]);

        Codec.Encode(TestFrames.LongEvent(), output);
        var first = output.WrittenCount;
        Codec.Encode(WireSchemaTests.GoldenEvent(), output);

        CollectionAssert.AreEqual((byte[])[9, 9], output.WrittenSpan[..2].ToArray());
        Assert.AreEqual(TestFrames.Marked(TestFrames.LongEvent()), Codec.Decode(output.WrittenMemory[2..first]));
        Assert.AreEqual(WireSchemaTests.GoldenEvent(), Codec.Decode(output.WrittenMemory[first..]));
    }

    [TestMethod]
    [DataRow(FrameCompression.Zstd, CompressionType.CompressionZstd)]
    [DataRow(FrameCompression.Lz4, CompressionType.CompressionLz4)]
    public void A_long_message_is_compressed_and_its_header_says_so_in_the_frame_only(FrameCompression compression, CompressionType mark)
    {
        var codec = TestFrames.Lenient(options => options.Compression = compression);
        var message = TestFrames.LongEvent();
        var before = message.Clone();
        var output = new ArrayBufferWriter<byte>();

        var info = codec.Encode(message, output);

        Assert.AreEqual(new FrameInfo(compression, message.CalculateSize(), output.WrittenCount), info);
        Assert.IsLessThan(info.EncodedBytes / 4, info.FrameBytes);
        Assert.AreEqual((byte)compression, output.WrittenSpan[0]);
        Assert.AreEqual(TestFrames.Marked(message, mark), codec.Decode(output.WrittenSpan));
        Assert.AreEqual(before, message);
    }

    [TestMethod]
    public void A_zstd_frame_declares_its_content_size()
    {
        var frame = Codec.Encode(TestFrames.LongEvent());

        Assert.IsTrue(CompressedFrame.TryReadContentSize(FrameCompression.Zstd, frame.AsSpan(1), out var size));
        Assert.AreEqual((ulong)TestFrames.Marked(TestFrames.LongEvent()).CalculateSize(), size);
    }

    [TestMethod]
    public void An_lz4_frame_declares_its_content_size()
    {
        var frame = TestFrames.Lenient(options => options.Compression = FrameCompression.Lz4).Encode(TestFrames.LongEvent());

        Assert.IsTrue(CompressedFrame.TryReadContentSize(FrameCompression.Lz4, frame.AsSpan(1), out var size));
        Assert.AreEqual((ulong)TestFrames.Marked(TestFrames.LongEvent()).CalculateSize(), size);
    }

    [TestMethod]
    public void Only_messages_above_the_threshold_are_compressed()
    {
        var message = TestFrames.LongEvent();
        var size = message.CalculateSize();

        Assert.AreEqual(0, TestFrames.Lenient(options => options.CompressionThresholdBytes = size).Encode(message)[0]);
        Assert.AreEqual(1, TestFrames.Lenient(options => options.CompressionThresholdBytes = size - 1).Encode(message)[0]);
    }

    [TestMethod]
    public void Compression_can_be_turned_off_in_two_ways()
    {
        var message = TestFrames.LongEvent();

        Assert.AreEqual(0, TestFrames.Lenient(options => options.CompressionEnabled = false).Encode(message)[0]);
        Assert.AreEqual(0, TestFrames.Lenient(options => options.Compression = FrameCompression.None).Encode(message)[0]);
    }

    [TestMethod]
    public void Compression_that_does_not_pay_leaves_the_header_alone()
    {
        var message = TestFrames.Incompressible(2000);
        message.StateDiff.Header.Compression = CompressionType.CompressionSnappy;

        var frame = Codec.Encode(message);

        Assert.AreEqual(0, frame[0]);
        Assert.AreEqual(message, Codec.Decode(frame));
    }

    [TestMethod]
    public void A_message_without_a_header_is_compressed_too()
    {
        var message = TestFrames.LongEvent();
        message.Event.Header = null;

        var frame = Codec.Encode(message);

        Assert.AreEqual(1, frame[0]);
        Assert.AreEqual(message, Codec.Decode(frame));
    }

    [TestMethod]
    public void Every_event_of_a_compressed_batch_is_marked()
    {
        var batch = new EventBatch { Header = new Header { ThreadId = "t" } };
        for (var i = 0; i < 50; i++)
        {
            batch.Events.Add(new Event { NodeId = $"node {i}", Header = i % 3 == 0 ? null : new Header { Sequence = (ulong)i, Compression = (CompressionType)(i * 1000) } });
        }

        var message = new DashStreamMessage { EventBatch = batch };

        var frame = Codec.Encode(message);

        Assert.AreEqual(1, frame[0]);
        Assert.AreEqual(TestFrames.Marked(message), Codec.Decode(frame));
    }

    [TestMethod]
    public void A_message_without_a_body_is_a_frame_byte()
    {
        CollectionAssert.AreEqual((byte[])[0], Codec.Encode(new DashStreamMessage()));
        Assert.AreEqual(new DashStreamMessage(), Codec.Decode([0]));
        Assert.ThrowsExactly<ArgumentException>(() => Codec.Encode(new DashStreamMessage(), new Header()));
    }

    [TestMethod]
    public void A_stamped_header_replaces_the_own_one_whatever_the_sizes()
    {
        foreach (var threshold in (int[])[0, 1_000_000])
        {
            var codec = TestFrames.Lenient(options => options.CompressionThresholdBytes = threshold);
            foreach (var length in (int[])[0, 1, 100, 126, 127, 128, 129, 16_370, 16_384, 20_000])
            {
                foreach (var own in (Header?[])[null, new Header(), new Header { TenantId = new string('o', 200) }])
                {
                    var message = new DashStreamMessage { Error = new Error { Header = own, Message = new string('m', length) } };
                    var header = new Header { ThreadId = new string('t', length % 300), Sequence = 3 };
                    var expected = new DashStreamMessage { Error = new Error { Header = header, Message = message.Error.Message } };

                    var frame = codec.Encode(message, header);

                    Assert.AreEqual(frame[0] == 1 ? TestFrames.Marked(expected) : expected, codec.Decode(frame), $"{length} bytes");
                    Assert.AreEqual(own, message.Error.Header);
                }
            }
        }
    }

    [TestMethod]
    [DataRow(1_000_000)]
    [DataRow(0)]
    public void Unknown_fields_survive_everywhere(int threshold)
    {
        byte[] filler = [0x1A, 0x80, 0x02, .. Enumerable.Repeat((byte)'x', 256)]; // node_id
        byte[] header = [0x22, 0x01, 0x74, 0xF9, 0x3E, 1, 2, 3, 4, 5, 6, 7, 8]; // thread "t", field 1007 as fixed64
        byte[] body = [0x0A, (byte)header.Length, .. header, .. filler, 0xF8, 0x3E, 0x05]; // field 1007 as varint
        var message = DashStreamMessage.Parser.ParseFrom([0x0A, (byte)(body.Length | 0x80), (byte)(body.Length >> 7), .. body, 0xFA, 0x3E, 0x03, 0x61, 0x62, 0x63]);
        var codec = TestFrames.Lenient(options => options.CompressionThresholdBytes = threshold);

        var frame = codec.Encode(message);
        var stamped = codec.Encode(message, message.Event.Header);

        var expected = frame[0] == 1 ? TestFrames.Marked(message) : message;
        Assert.AreEqual(threshold == 0, frame[0] == 1);
        Assert.AreEqual(expected, codec.Decode(frame));
        Assert.AreEqual(expected, codec.Decode(stamped));
    }

    [TestMethod]
    public void A_message_over_the_limit_is_refused_and_nothing_is_written()
    {
        var message = TestFrames.LongEvent();
        var size = message.CalculateSize();
        var exact = TestFrames.Lenient(options => options.MaxMessageBytes = size);
        var small = TestFrames.Lenient(options => options.MaxMessageBytes = size - 1);
        var output = new ArrayBufferWriter<byte>();

        exact.Encode(message);
        var exception = Assert.ThrowsExactly<CodecException>(() => small.Encode(message, output));
        Assert.ThrowsExactly<CodecException>(() => small.Encode(message, message.Event.Header, output));
        Assert.ThrowsExactly<CodecException>(() => small.EncodeRaw(message, output));

        Assert.AreEqual(CodecFailure.TooLarge, exception.Failure);
        Assert.AreEqual(StreamErrorKind.TooLarge, exception.Kind);
        StringAssert.Contains(exception.Message, "exceeds maximum");
        Assert.AreEqual(0, output.WrittenCount);
    }

    [TestMethod]
    public void Raw_encoding_is_bare_protobuf()
    {
        var output = new ArrayBufferWriter<byte>();

        Codec.EncodeRaw(TestFrames.LongEvent(), output);

        CollectionAssert.AreEqual(TestFrames.LongEvent().ToByteArray(), output.WrittenSpan.ToArray());
        Assert.AreEqual(TestFrames.LongEvent(), Codec.DecodeRaw(output.WrittenSpan));
        Assert.AreEqual(new DashStreamMessage(), Codec.DecodeRaw([]));
    }

    [TestMethod]
    public void Compatible_decoding_takes_what_was_written_before_there_were_frames()
    {
        var compatible = TestFrames.Lenient(options => options.Decoding = FrameDecoding.Compatible);
        var frame = Codec.Encode(TestFrames.LongEvent());

        Assert.AreEqual(TestFrames.LongEvent(), compatible.Decode(TestFrames.LongEvent().ToByteArray()));
        Assert.AreEqual(compatible.Decode(frame), compatible.Decode(frame.AsSpan(1)));
        TestFrames.Refused(compatible, [0xFF, 0xFF], CodecFailure.Protobuf);
    }

    [TestMethod]
    public void Messages_are_encoded_and_decoded_by_many_threads_at_once()
    {
        var message = TestFrames.LongEvent();
        var expected = TestFrames.Marked(message);

        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, round =>
        {
            var header = new Header { Sequence = (ulong)round, Compression = CompressionType.CompressionZstd };

            Assert.AreEqual(expected, Codec.Decode(Codec.Encode(message)));
            Assert.AreEqual(header, Codec.Decode(Codec.Encode(message, header)).Event.Header);
        });
    }

    [TestMethod]
    [DataRow(FrameCompression.None)]
    [DataRow(FrameCompression.Zstd)]
    [DataRow(FrameCompression.Lz4)]
    public void Encoding_into_a_reused_writer_allocates_nothing_of_our_own(FrameCompression compression)
    {
        const int Rounds = 500;
        if (compression != FrameCompression.None && FrameCompressors.Find(compression, CompressionBackend.Native) is null)
        {
            Assert.Inconclusive($"This machine has no native library for {compression}; the managed one allocates.");
        }

        var codec = TestFrames.Lenient(options => options.Compression = compression);
        var message = TestFrames.LongEvent();
        message.Event.Attributes["tokens"] = new AttributeValue { IntValue = 5 };
        message.Event.Attributes["list"] = new AttributeValue { ArrayValue = new AttributeArray { Values = { new AttributeValue { BoolValue = true } } } };
        var header = message.Event.Header.Clone();
        var output = new ArrayBufferWriter<byte>(64 * 1024);
        EncodeMany(codec, message, header, output, Rounds);
        WriteMany(message, Rounds);

        var before = GC.GetAllocatedBytesForCurrentThread();
        EncodeMany(codec, message, header, output, Rounds);
        var encoding = GC.GetAllocatedBytesForCurrentThread() - before;
        before = GC.GetAllocatedBytesForCurrentThread();
        WriteMany(message, 2 * Rounds);
        var library = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.IsLessThan(2 * Rounds, encoding - library, $"{encoding} bytes, {library} of them by the protobuf library");
    }

    /// <summary>The protobuf library allocates an enumerator for each map that it writes.</summary>
    private static void WriteMany(DashStreamMessage message, int rounds)
    {
        Span<byte> buffer = new byte[message.CalculateSize()];
        for (var round = 0; round < rounds; round++)
        {
            message.WriteTo(buffer);
        }
    }

    private static void EncodeMany(MessageCodec codec, DashStreamMessage message, Header header, ArrayBufferWriter<byte> output, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            output.ResetWrittenCount();
            codec.Encode(message, output);
            output.ResetWrittenCount();
            codec.Encode(message, header, output);
        }
    }
}
