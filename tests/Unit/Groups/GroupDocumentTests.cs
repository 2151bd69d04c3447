using System.Text;
using DashStream.Groups;

namespace DashStream.Tests.Groups;

[TestClass]
public sealed class GroupDocumentTests
{
    [TestMethod]
    public void A_document_comes_back_as_it_was()
    {
        var document = GroupDocument.New(3, nowUs: 1_767_225_600_000_000);
        GroupRules.Join(document, "häst-\u0001\"", 10_000_000, 5);
        GroupRules.Join(document, "b", 500_000, 6);
        GroupRules.Beat(document.Members[1], 77);
        document.Partitions[1].FromBeginning = true;

        var read = GroupDocumentFormat.Read(GroupDocumentFormat.Write(document), 3, nowUs: 0, "g");

        CollectionAssert.AreEqual(document.Partitions, read.Partitions);
        CollectionAssert.AreEqual(
            document.Members.Select(m => (m.Number, m.Id, m.TimeoutUs, m.Beat, m.BeatUs)).ToArray(),
            read.Members.Select(m => (m.Number, m.Id, m.TimeoutUs, m.Beat, m.BeatUs)).ToArray());
        Assert.AreEqual((document.Generation, document.LastMember, document.LastFence), (read.Generation, read.LastMember, read.LastFence));
    }

    [TestMethod]
    public void A_thousand_partitions_stay_small()
    {
        var document = GroupDocument.New(1024, nowUs: 1_767_225_600_000_000);
        for (var i = 0; i < 20; i++)
        {
            GroupRules.Join(document, $"machine-{Guid.NewGuid():N}", 10_000_000, 1_767_225_600_000_000);
        }

        Assert.IsLessThan(32 * 1024, GroupDocumentFormat.Write(document).Length);
    }

    [TestMethod]
    public void A_newer_format_is_refused()
    {
        var error = Assert.ThrowsExactly<StreamException>(() => GroupDocumentFormat.Read("{\"format\":2}"u8.ToArray(), 1, 0, "group 'g'"));

        Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind);
        StringAssert.Contains(error.Message, "group 'g'");
    }

    [TestMethod]
    [DataRow("x")]
    [DataRow("[]")]
    [DataRow("{}")]
    [DataRow("{\"format\":\"1\"}")]
    [DataRow("{\"format\":1,\"generation\":1,\"lastMember\":0,\"lastFence\":0,\"members\":[],\"partitions\":[[0,0,0],[0,0,0]],\"fromBeginning\":[]}")]
    [DataRow("{\"format\":1,\"generation\":1,\"lastMember\":0,\"lastFence\":0,\"members\":[],\"partitions\":[[0,0]],\"fromBeginning\":[]}")]
    [DataRow("{\"format\":1,\"generation\":1,\"lastMember\":0,\"lastFence\":0,\"members\":[],\"partitions\":[[0,0,0]],\"fromBeginning\":[1]}")]
    [DataRow("{\"format\":1,\"generation\":1,\"lastMember\":0,\"lastFence\":0,\"members\":[{\"number\":1,\"id\":null}],\"partitions\":[[0,0,0]],\"fromBeginning\":[]}")]
    [DataRow("{\"format\":1,\"generation\":99999999999999999999,\"lastMember\":0,\"lastFence\":0,\"members\":[],\"partitions\":[[0,0,0]]}")]
    [DataRow("{\"format\":1,\"generation\":1,\"lastMember\":0,\"lastFence\":0,\"members\":[],\"partitions\":[5],\"fromBeginning\":[]}")]
    public void Damage_is_told(string text)
    {
        var error = Assert.ThrowsExactly<StreamException>(() => GroupDocumentFormat.Read(Encoding.UTF8.GetBytes(text), 1, 0, "group 'g'"));

        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
    }

    [TestMethod]
    public void Fences_of_a_group_made_again_are_higher_than_those_of_the_old_one()
    {
        var old = GroupDocument.New(1, nowUs: 1000);
        GroupRules.Join(old, "a", 1, 1000);

        var anew = GroupDocumentFormat.Read(ReadOnlyMemory<byte>.Empty, 1, nowUs: 2000, "g");
        GroupRules.Join(anew, "a", 1, 2000);

        Assert.IsGreaterThan(old.Partitions[0].Fence, anew.Partitions[0].Fence);
    }
}
