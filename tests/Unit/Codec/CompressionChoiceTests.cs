using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Tests.Codec;

/// <summary>One compression makes the choice that the wire rule makes with two.</summary>
[TestClass]
public sealed class CompressionChoiceTests
{
    [TestMethod]
    public void Messages_are_compressed_exactly_when_compressing_twice_would_have_done_so()
    {
        var codec = TestFrames.Lenient();
        var compressed = 0;
        for (var seed = 0; seed < 600; seed++)
        {
            var message = SomewhatCompressible(new Random(seed));

            var expected = TwoStepChoice(message);

            Assert.AreEqual(expected, codec.Encode(message)[0] == 1, $"seed {seed}, {message.CalculateSize()} bytes");
            compressed += expected ? 1 : 0;
        }

        Assert.IsInRange(100, 500, compressed);
    }

    private static bool TwoStepChoice(DashStreamMessage message)
    {
        var plain = message.ToByteArray();
        var marked = TestFrames.Marked(message).ToByteArray();
        return plain.Length > 512 && CompressedLength(plain) < plain.Length && CompressedLength(marked) < marked.Length;
    }

    private static int CompressedLength(byte[] bytes)
    {
        var zstd = FrameCompressors.Find(FrameCompression.Zstd, CompressionBackend.Auto)!;
        var result = zstd.Compress(bytes, new byte[zstd.MaxCompressedBytes(bytes.Length)], level: 3);
        Assert.AreEqual(CompressorStatus.Done, result.Status, result.Error);
        return result.Written;
    }

    /// <summary>Batches of up to a few hundred events whose content lies around the point where compression begins to pay.</summary>
    private static DashStreamMessage SomewhatCompressible(Random random)
    {
        var batch = new EventBatch { Header = new Header { ThreadId = "t" } };
        var events = random.Next(1, 1 << random.Next(1, 9));
        var noise = random.Next(2, 200);
        for (var i = 0; i < events; i++)
        {
            var id = new byte[noise];
            random.NextBytes(id);
            batch.Events.Add(new Event { Header = random.Next(4) == 0 ? null : new Header { ParentId = ByteString.CopyFrom(id) } });
        }

        return new DashStreamMessage { EventBatch = batch };
    }
}
