namespace DashStream.Tests.Codec;

/// <summary>A compressor that fails or is missing never loses a message.</summary>
[TestClass]
public sealed class CompressorFailureTests
{
    [TestMethod]
    public void A_failing_compressor_falls_back_to_a_plain_frame_and_is_counted()
    {
        var warnings = new List<string>();
        var codec = new MessageCodec(new MessageCodecOptions(), (_, _) => new BrokenCompressor());
        codec.Warned += warnings.Add;

        var frame = codec.Encode(TestFrames.LongEvent());

        Assert.AreEqual(TestFrames.LongEvent(), codec.Decode(frame));
        Assert.AreEqual(0, frame[0]);
        Assert.AreEqual(1, codec.CompressionFailures);
        StringAssert.Contains(warnings.Single(), "broken on purpose");
    }

    [TestMethod]
    public void A_missing_library_is_told_once_and_messages_go_out_plain()
    {
        var warnings = new List<string>();
        var codec = new MessageCodec(new MessageCodecOptions(), (_, _) => null);
        codec.Warned += warnings.Add;

        for (var round = 0; round < 3; round++)
        {
            Assert.AreEqual(TestFrames.LongEvent(), codec.Decode(codec.Encode(TestFrames.LongEvent())));
        }

        StringAssert.Contains(warnings.Single(), "apt-get install libzstd1");
        Assert.AreEqual(0, codec.CompressionFailures);
    }

    [TestMethod]
    public void A_frame_whose_library_is_missing_says_how_to_get_it()
    {
        var lz4 = TestFrames.Lenient(options => options.Compression = FrameCompression.Lz4);
        var without = new MessageCodec(new MessageCodecOptions(), (_, _) => null);

        var zstdError = TestFrames.Refused(without, TestFrames.Lenient().Encode(TestFrames.LongEvent()), CodecFailure.LibraryMissing);
        var lz4Error = TestFrames.Refused(without, lz4.Encode(TestFrames.LongEvent()), CodecFailure.LibraryMissing);

        Assert.AreEqual(StreamErrorKind.Fatal, zstdError.Kind);
        StringAssert.Contains(zstdError.Message, "apt-get install libzstd1");
        StringAssert.Contains(lz4Error.Message, "apt-get install liblz4-1");
    }

    [TestMethod]
    public void A_library_that_is_not_there_is_not_loaded()
    {
        Assert.IsFalse(NativeLibraries.TryLoad(["libthisdoesnotexist.so.9", "neither"], "symbol", out _));
    }

    internal sealed class BrokenCompressor : IFrameCompressor
    {
        public string Name => "broken";

        public int MaxCompressedBytes(int length) => length;

        public CompressorResult Compress(ReadOnlySpan<byte> source, Span<byte> destination, int level) =>
            CompressorResult.Failed(CompressorStatus.Failed, "broken on purpose");

        public CompressorResult Decompress(ReadOnlySpan<byte> source, Span<byte> destination) =>
            CompressorResult.Failed(CompressorStatus.Failed, "broken on purpose");
    }
}
