using FsCheck;
using FsCheck.Fluent;

namespace DashStream.Tests.Codec;

/// <summary>Whatever the bytes, decoding gives a message or a <see cref="CodecException"/>.</summary>
[TestClass]
public sealed class HostileBytesTests
{
    private static readonly MessageCodec Codec = TestFrames.Lenient();

    [TestMethod]
    public void Random_bytes_never_give_another_exception()
    {
        var random = new Random(20_251_108);
        var compatible = TestFrames.Lenient(options => options.Decoding = FrameDecoding.Compatible);
        for (var round = 0; round < 10_000; round++)
        {
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            bytes[0] = (byte)(round % 4 == 3 ? bytes[0] : round % 4);

            DecodesOrIsRefused(Codec, bytes);
            DecodesOrIsRefused(compatible, bytes);
        }
    }

    [TestMethod]
    public void Damaged_frames_never_give_another_exception()
    {
        var random = new Random(77);
        byte[][] frames =
        [
            Codec.Encode(WireSchemaTests.GoldenEvent()),
            Codec.Encode(TestFrames.LongEvent()),
            TestFrames.Lenient(options => options.Compression = FrameCompression.Lz4).Encode(TestFrames.LongEvent()),
            [1, .. Convert.FromHexString(BadFrameTests.ChecksummedHex)],
        ];
        for (var round = 0; round < 10_000; round++)
        {
            byte[] damaged = [.. frames[round % frames.Length]];
            for (var hits = random.Next(1, 4); hits > 0; hits--)
            {
                damaged[random.Next(1, damaged.Length)] ^= (byte)(1 << random.Next(8));
            }

            DecodesOrIsRefused(Codec, damaged);
        }
    }

    [TestMethod]
    public void Whatever_the_limit_arbitrary_bytes_are_decoded_or_refused()
    {
        foreach (var limit in (int[])[1, 100, 10_000, 1024 * 1024])
        {
            var codec = TestFrames.Lenient(options =>
            {
                options.MaxDecodedBytes = limit;
                options.Decoding = FrameDecoding.Compatible;
            });

            Check.QuickThrowOnFailure(Prop.ForAll<byte[]>(bytes => DecodesOrIsRefused(codec, bytes is [] ? [0] : bytes)));
        }
    }

    private static void DecodesOrIsRefused(MessageCodec codec, byte[] bytes)
    {
        try
        {
            codec.Decode(bytes);
        }
        catch (CodecException exception)
        {
            Assert.IsGreaterThan(20, exception.Message.Length);
        }
    }
}
