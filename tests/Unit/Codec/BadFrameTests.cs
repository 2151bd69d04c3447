using System.Buffers;
using System.Text;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Tests.Codec;

/// <summary>Bad bytes give a <see cref="CodecException"/> that says what is wrong, and nothing else.</summary>
[TestClass]
public sealed class BadFrameTests
{
    private const int TenMebibytes = 10 * 1024 * 1024;

    // The golden event as the zstd command line writes it, with a checksum and a declared content size.
    internal const string ChecksummedHex =
        "28b52ffd24452902000a430a380a100102030405060708090a0b0c0d0e0f1010d285d8cc041a0b746573742d74656e616e74220b746573742d74687265616428013001480110011a0573746172748a62255b";

    // TestFrames.LongEvent() as the lz4 command line writes it from a pipe: without a content size.
    private const string UndeclaredLz4Hex =
        "04224d186440a768000000f31c0ad7110a380a100102030405060708090a0b0c0d0e0f1010d285d8cc041a0b746573742d74656e616e74220d00ff176872656164280130014801101f1a98117468652073616d6520776f72647320616761696e3b201600ffffffffffffffff725061696e3b2000000000691b7fb8";

    private static readonly MessageCodec Codec = TestFrames.Lenient();

    [TestMethod]
    public void No_bytes_are_refused()
    {
        var exception = TestFrames.Refused(Codec, [], CodecFailure.Empty);

        StringAssert.StartsWith(exception.Message, "Empty message payload");
        Assert.AreEqual(StreamErrorKind.Corrupt, exception.Kind);
        Assert.ThrowsExactly<CodecException>(() => Codec.Decode(ReadOnlySequence<byte>.Empty));
    }

    [TestMethod]
    public void Strict_decoding_refuses_every_byte_that_marks_no_frame()
    {
        for (var first = 3; first <= byte.MaxValue; first++)
        {
            var exception = TestFrames.Refused(Codec, [(byte)first, 0, 0], CodecFailure.UnknownFrame);

            StringAssert.StartsWith(exception.Message, $"Invalid compression header byte: 0x{first:X2}");
        }
    }

    [TestMethod]
    [DataRow(FrameCompression.None)]
    [DataRow(FrameCompression.Zstd)]
    [DataRow(FrameCompression.Lz4)]
    public void A_frame_cut_anywhere_is_refused_or_is_a_shorter_message(FrameCompression compression)
    {
        var message = TestFrames.LongEvent();
        var frame = TestFrames.Lenient(options => options.Compression = compression).Encode(message);

        Assert.AreEqual((byte)compression, frame[0]);
        for (var length = 0; length < frame.Length; length++)
        {
            var cut = frame[..length];
            if (length == 1 && compression == FrameCompression.None)
            {
                Assert.AreEqual(new DashStreamMessage(), Codec.Decode(cut));
                continue;
            }

            Assert.ThrowsExactly<CodecException>(() => Codec.Decode(cut), $"{length} of {frame.Length} bytes");
        }
    }

    [TestMethod]
    public void Compressed_frames_that_end_early_say_so()
    {
        foreach (var compression in (FrameCompression[])[FrameCompression.Zstd, FrameCompression.Lz4])
        {
            var frame = TestFrames.Lenient(options => options.Compression = compression).Encode(TestFrames.LongEvent());

            TestFrames.Refused(Codec, frame[..^1], CodecFailure.Truncated);
        }
    }

    [TestMethod]
    public void A_checksum_is_checked()
    {
        byte[] frame = [1, .. Convert.FromHexString(ChecksummedHex)];
        Assert.AreEqual(WireSchemaTests.GoldenEvent(), Codec.Decode(frame));

        frame[^1] ^= 1;

        TestFrames.Refused(Codec, frame, CodecFailure.Checksum);
    }

    [TestMethod]
    public void The_checksum_of_lz4_is_checked()
    {
        var frame = TestFrames.Lenient(options => options.Compression = FrameCompression.Lz4).Encode(TestFrames.LongEvent());

        frame[^1] ^= 1;

        TestFrames.Refused(Codec, frame, CodecFailure.Checksum);
    }

    [TestMethod]
    public void A_declared_size_over_the_limit_is_refused_before_memory_is_taken()
    {
        foreach (var declared in (ulong[])[TenMebibytes + 1, int.MaxValue, uint.MaxValue, 1UL << 40, ulong.MaxValue])
        {
            var frame = TestFrames.ZstdBomb(blocks: 90, declared);
            var before = GC.GetAllocatedBytesForCurrentThread();

            var exception = TestFrames.Refused(Codec, frame, CodecFailure.DecompressedTooLarge);

            Assert.IsLessThan(1024 * 1024, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.AreEqual(StreamErrorKind.TooLarge, exception.Kind);
            StringAssert.Contains(exception.Message, "exceeds maximum of 10485760 bytes");
        }
    }

    [TestMethod]
    public void An_lz4_frame_that_declares_too_much_is_refused()
    {
        var frame = TestFrames.Lenient(options => options.Compression = FrameCompression.Lz4).Encode(TestFrames.LongEvent());
        var small = TestFrames.Lenient(options => options.MaxDecodedBytes = 1000);

        TestFrames.Refused(small, frame, CodecFailure.DecompressedTooLarge);
    }

    [TestMethod]
    public void A_bomb_without_a_declared_size_is_refused_at_the_limit()
    {
        var frame = TestFrames.ZstdBomb(blocks: 1 + (TenMebibytes / TestFrames.ZstdRleBlockBytes), declared: null);

        TestFrames.Refused(Codec, frame, CodecFailure.DecompressedTooLarge);
    }

    [TestMethod]
    public void A_frame_that_lies_about_its_size_is_refused()
    {
        var content = WireSchemaTests.GoldenEvent().ToByteArray();
        var honest = (ulong)content.Length;

        Assert.AreEqual(WireSchemaTests.GoldenEvent(), Codec.Decode(TestFrames.ZstdOfRawBlock(content, honest)));
        foreach (var declared in (ulong[])[0, 1, honest - 1, honest + 1, TenMebibytes])
        {
            TestFrames.Refused(Codec, TestFrames.ZstdOfRawBlock(content, declared), CodecFailure.Decompression);
        }
    }

    [TestMethod]
    public void A_frame_without_a_declared_size_decodes_within_the_limit()
    {
        var message = TestFrames.LongEvent(5000);
        var frame = TestFrames.ZstdOfRawBlock(message.ToByteArray(), declared: null);
        var exact = TestFrames.Lenient(options => options.MaxDecodedBytes = frame.Length);

        Assert.AreEqual(message, Codec.Decode(frame));
        Assert.AreEqual(message, exact.Decode(frame));
    }

    [TestMethod]
    public void An_lz4_frame_without_a_declared_size_decodes_within_the_limit()
    {
        byte[] frame = [2, .. Convert.FromHexString(UndeclaredLz4Hex)];
        var small = TestFrames.Lenient(options => options.MaxDecodedBytes = 1000);

        Assert.AreEqual(TestFrames.LongEvent(), Codec.Decode(frame));
        TestFrames.Refused(small, frame, CodecFailure.DecompressedTooLarge);
    }

    [TestMethod]
    public void Bytes_after_the_end_of_a_compressed_frame_are_refused()
    {
        var zstd = Codec.Encode(TestFrames.LongEvent());
        var lz4 = TestFrames.Lenient(options => options.Compression = FrameCompression.Lz4).Encode(TestFrames.LongEvent());

        Assert.ThrowsExactly<CodecException>(() => Codec.Decode((byte[])[.. zstd, 0]));
        Assert.ThrowsExactly<CodecException>(() => Codec.Decode((byte[])[.. zstd, .. zstd[1..]]));
        TestFrames.Refused(Codec, [.. lz4, 0], CodecFailure.Decompression);
    }

    [TestMethod]
    public void A_frame_over_the_limit_is_refused_in_memory_and_in_a_sequence()
    {
        var frame = Codec.Encode(TestFrames.Incompressible(400));
        var exact = TestFrames.Lenient(options => options.MaxDecodedBytes = 400);
        var small = TestFrames.Lenient(options => options.MaxDecodedBytes = 399);

        Assert.AreEqual(exact.Decode(frame), exact.Decode(InSegments(frame)));
        StringAssert.Contains(TestFrames.Refused(small, frame, CodecFailure.TooLarge).Message, "exceeds maximum of 400 bytes");
        Assert.ThrowsExactly<CodecException>(() => small.Decode(InSegments(frame)));
    }

    [TestMethod]
    public void Bytes_that_are_not_protobuf_are_refused()
    {
        TestFrames.Refused(Codec, [0, .. Encoding.UTF8.GetBytes("{\"type\":\"event\"}")], CodecFailure.Protobuf);
        TestFrames.Refused(Codec, [0, 0, 0], CodecFailure.Protobuf);
        TestFrames.Refused(Codec, [0, 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07], CodecFailure.Protobuf);
        TestFrames.Refused(Codec, [1, .. Encoding.UTF8.GetBytes("not compressed at all")], CodecFailure.Decompression);
        TestFrames.Refused(Codec, [2, .. Encoding.UTF8.GetBytes("not compressed at all")], CodecFailure.Decompression);
    }

    [TestMethod]
    public void Text_that_is_not_utf8_is_refused()
    {
        byte[] nodeId = [0x1A, 0x02, 0xC3, 0x28];

        TestFrames.Refused(Codec, [0, 0x0A, (byte)nodeId.Length, .. nodeId], CodecFailure.Protobuf);
    }

    private static ReadOnlySequence<byte> InSegments(byte[] bytes)
    {
        var first = new Segment(bytes.AsMemory(0, 7), 0);
        var last = new Segment(bytes.AsMemory(7), 7);
        first.Follow(last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long start)
        {
            Memory = memory;
            RunningIndex = start;
        }

        public void Follow(Segment next) => Next = next;
    }
}
