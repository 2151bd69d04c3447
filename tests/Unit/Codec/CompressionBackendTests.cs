namespace DashStream.Tests.Codec;

/// <summary>Native and managed Zstandard write the same format; each can be forced.</summary>
[TestClass]
public sealed class CompressionBackendTests
{
    private static readonly bool HasNative = FrameCompressors.Find(FrameCompression.Zstd, CompressionBackend.Native) is not null;
    private static readonly bool HasManaged = FrameCompressors.Find(FrameCompression.Zstd, CompressionBackend.Managed) is not null;

    [TestMethod]
    public void What_one_implementation_writes_the_other_reads()
    {
        if (!HasNative || !HasManaged)
        {
            Assert.Inconclusive($"This build or machine has no {(HasNative ? "managed Zstandard (package ZstdSharp.Port)" : "native libzstd")}.");
        }

        var native = TestFrames.Lenient(options => options.CompressionBackend = CompressionBackend.Native);
        var managed = TestFrames.Lenient(options => options.CompressionBackend = CompressionBackend.Managed);
        var message = TestFrames.LongEvent();
        var expected = TestFrames.Marked(message);

        Assert.AreEqual(expected, managed.Decode(native.Encode(message)));
        Assert.AreEqual(expected, native.Decode(managed.Encode(message)));
        TestFrames.Refused(managed, native.Encode(message)[..^1], CodecFailure.Truncated);
        TestFrames.Refused(managed, TestFrames.ZstdBomb(blocks: 81, declared: null), CodecFailure.DecompressedTooLarge);
    }

    [TestMethod]
    public void A_forced_implementation_that_is_absent_does_not_fall_back()
    {
        if (HasManaged)
        {
            Assert.Inconclusive("This build has both implementations, so none is absent.");
        }

        var managed = TestFrames.Lenient(options => options.CompressionBackend = CompressionBackend.Managed);

        Assert.AreEqual(0, managed.Encode(TestFrames.LongEvent())[0]);
        TestFrames.Refused(managed, TestFrames.Lenient().Encode(TestFrames.LongEvent()), CodecFailure.LibraryMissing);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(19)]
    [DataRow(22)]
    public void Every_level_writes_frames_that_decode(int level)
    {
        var codec = TestFrames.Lenient(options => options.CompressionLevel = level);

        Assert.AreEqual(TestFrames.Marked(TestFrames.LongEvent()), codec.Decode(codec.Encode(TestFrames.LongEvent())));
    }
}
