using System.Buffers.Binary;
using DashStream.Protocol;
using DashStream.Sequencing;
using Google.Protobuf;

namespace DashStream.Tests.Sequencing;

[TestClass]
public sealed class LaneIdsTests
{
    [TestMethod]
    public void Ids_of_a_lane_differ_name_one_identity_and_are_uuids_of_version_8()
    {
        var lane = new Lane("t");

        var ids = Enumerable.Range(0, 1000).Select(_ => lane.NextMessageId().ToByteArray()).ToList();

        Assert.HasCount(1000, ids.Select(Convert.ToHexString).Distinct());
        Assert.HasCount(1, ids.Select(IdentityOf).Distinct());
        foreach (var id in ids.Select(id => new Guid(id, bigEndian: true)))
        {
            Assert.AreEqual(8, id.Version);
            Assert.AreEqual(8, id.Variant & 0xC);
        }
    }

    [TestMethod]
    public void Every_lane_has_an_identity_of_its_own()
    {
        var identities = Enumerable.Range(0, 1000).Select(_ => IdentityOf(new Lane("t").NextMessageId().ToByteArray())).ToList();

        Assert.HasCount(1000, identities.Distinct());
        Assert.IsTrue(identities.All(identity => identity.Length == LaneIds.IdentityChars));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("0102030405")]
    [DataRow("0102030405060708090a0b0c0d0e0f10")]
    [DataRow("00000000000000000000000000000000")]
    [DataRow("ffffffffffffffffffffffffffffffff")]
    [DataRow("0000000001d58000000000000000000000")]
    public void Other_ids_name_no_identity(string hex) => Assert.AreEqual("", IdentityOf(Convert.FromHexString(hex)));

    [TestMethod]
    public void Random_uuids_name_no_identity()
    {
        for (var i = 0; i < 10_000; i++)
        {
            Assert.IsFalse(LaneIds.IsMarked(Guid.NewGuid().ToByteArray(bigEndian: true)));
            Assert.IsFalse(LaneIds.IsMarked(Guid.CreateVersion7().ToByteArray(bigEndian: true)));
        }
    }

    [TestMethod]
    public void Bytes_that_only_look_like_such_an_id_name_no_identity()
    {
        var random = new Random(1);
        var id = new byte[LaneIds.Bytes];
        for (var i = 0; i < 1_000_000; i++)
        {
            random.NextBytes(id);
            // Version and variant are right, as in one of sixteen GUIDs in the byte order of .NET.
            (id[6], id[8]) = ((byte)(0x80 | (id[6] & 0xF)), (byte)(0x80 | (id[8] & 0x3F)));
            Assert.IsFalse(LaneIds.IsMarked(id));
        }
    }

    [TestMethod]
    public void The_layout_is_the_documented_one()
    {
        var id = new Lane("t").NextMessageId().ToByteArray();
        var sum = Crc32C(id.AsSpan(8));

        Assert.AreEqual("00000001", Convert.ToHexString(id, 0, 4));
        Assert.AreEqual((sum & 0xFFFF_0FFF) | 0x8000, BinaryPrimitives.ReadUInt32BigEndian(id.AsSpan(4)));
        Assert.AreEqual(Convert.ToHexStringLower(id, 6, 10), IdentityOf(id));
    }

    [TestMethod]
    public void When_the_counts_are_used_up_another_identity_begins()
    {
        var lane = new Lane("t", uint.MaxValue - 1);

        var last = lane.NextMessageId().ToByteArray();
        var next = lane.NextMessageId().ToByteArray();
        var header = lane.HeadersFor(ByteString.CopyFromUtf8("given"), isNumberedHere: true).Single(header => header.Name == "ds-producer").Text;

        Assert.AreNotEqual(IdentityOf(last), IdentityOf(next));
        Assert.AreEqual(IdentityOf(next), header);
    }

    [TestMethod]
    public void Only_a_message_whose_id_does_not_name_its_identity_gets_the_header()
    {
        var lane = new Lane("t");
        var own = lane.NextMessageId();
        var foreign = ByteString.CopyFrom(new Lane("t").NextMessageId().Span);
        var given = ByteString.CopyFromUtf8("an id of the caller");

        Assert.AreEqual(0, lane.HeadersFor(own, isNumberedHere: true).Count);
        Assert.AreEqual(0, lane.HeadersFor(foreign, isNumberedHere: false).Count, "a relay keeps the number, the id, and with it the identity");
        foreach (var headers in new[] { lane.HeadersFor(foreign, isNumberedHere: true), lane.HeadersFor(given, isNumberedHere: true), lane.HeadersFor(given, isNumberedHere: false) })
        {
            Assert.AreEqual(IdentityOf(own.ToByteArray()), headers.Single(header => header.Name == "ds-producer").Text);
        }
    }

    // Bit by bit, by the polynomial.
    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var value in bytes)
        {
            sum ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) * 0x82F6_3B78);
            }
        }

        return ~sum;
    }

    private static string IdentityOf(byte[] id) =>
        MessageParts.ProducerOf(new StreamRecord(default, default(byte[])), new Header { MessageId = ByteString.CopyFrom(id) });
}
