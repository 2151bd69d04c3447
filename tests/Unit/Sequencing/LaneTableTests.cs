using DashStream.Protocol;
using DashStream.Sequencing;

namespace DashStream.Tests.Sequencing;

[TestClass]
public sealed class LaneTableTests
{
    [TestMethod]
    public void A_thread_of_another_tenant_has_a_lane_of_its_own()
    {
        var lanes = new LaneTable(10);

        Assert.AreSame(lanes.Get("a", "t"), lanes.Get("a", "t"));
        Assert.AreNotSame(lanes.Get("a", "t"), lanes.Get("b", "t"));
    }

    [TestMethod]
    public void The_least_recently_used_lane_goes_and_comes_back_under_a_new_identity()
    {
        var lanes = new LaneTable(3);
        var old = lanes.Get("a", "1");
        var kept = lanes.Get("a", "2");
        lanes.Get("a", "3");
        lanes.Get("a", "2");

        lanes.Get("a", "4");

        Assert.IsTrue(old.Evicted);
        Assert.AreSame(kept, lanes.Get("a", "2"));
        Assert.AreNotEqual(IdentityOf(old), IdentityOf(lanes.Get("a", "1")));
        Assert.IsLessThanOrEqualTo(3, lanes.Count);
    }

    private static string IdentityOf(Lane lane) =>
        MessageParts.ProducerOf(new StreamRecord(default, default(byte[])), new Header { MessageId = lane.NextMessageId() });
}
