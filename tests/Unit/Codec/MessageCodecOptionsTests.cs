namespace DashStream.Tests.Codec;

/// <summary>Options: defaults of the wire rules, and errors that name the key and what is allowed.</summary>
[TestClass]
public sealed class MessageCodecOptionsTests
{
    [TestMethod]
    public void The_defaults_are_those_of_the_wire_rules()
    {
        var options = new MessageCodecOptions();

        Assert.IsTrue(options.CompressionEnabled);
        Assert.AreEqual(FrameCompression.Zstd, options.Compression);
        Assert.AreEqual(512, options.CompressionThresholdBytes);
        Assert.AreEqual(3, options.CompressionLevel);
        Assert.AreEqual(1_048_576, options.MaxMessageBytes);
        Assert.AreEqual(10_485_760, options.MaxDecodedBytes);
        Assert.AreEqual(FrameDecoding.Strict, options.Decoding);
        Assert.AreEqual(SchemaCompatibility.Exact, options.SchemaPolicy);
        Assert.IsTrue(options.RequireHeader);
        Assert.IsEmpty(options.Errors());
    }

    [TestMethod]
    public void Every_setting_out_of_range_is_named_with_what_is_allowed()
    {
        var options = new MessageCodecOptions
        {
            CompressionLevel = 23,
            CompressionThresholdBytes = -1,
            MaxMessageBytes = 0,
            MaxDecodedBytes = int.MaxValue,
            Compression = (FrameCompression)9,
            Decoding = (FrameDecoding)9,
            SchemaPolicy = (SchemaCompatibility)9,
            CompressionBackend = (CompressionBackend)9,
        };

        var errors = options.Errors().ToList();
        var exception = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new MessageCodec(options));

        Assert.HasCount(8, errors);
        CollectionAssert.Contains(errors, "CompressionLevel is 23; allowed: 1 to 22.");
        CollectionAssert.Contains(errors, "Compression is 9; allowed: None, Zstd, Lz4.");
        Assert.IsTrue(errors.TrueForAll(exception.Message.Contains));
    }

    [TestMethod]
    public void A_codec_does_not_follow_later_changes_of_its_options()
    {
        var options = new MessageCodecOptions();
        var codec = new MessageCodec(options);

        options.MaxMessageBytes = 1;

        Assert.AreEqual(0, codec.Encode(WireSchemaTests.GoldenEvent())[0]);
    }
}
