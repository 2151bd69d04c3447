using DashStream.Providers;

namespace DashStream.Conformance.Redis.Unit;

[TestClass]
public sealed class RedisNamesTests
{
    [TestMethod]
    public void Everything_of_a_topic_lies_in_one_slot()
    {
        var keys = new RedisKeys("ds", spread: false);

        Assert.AreEqual("ds:{runs}:topic", keys.Topic("runs").ToString());
        Assert.AreEqual("ds:{runs}:p:7", keys.Partition("runs", 7).ToString());
        Assert.AreEqual("ds:{runs}:p:7:state", keys.State("runs", 7).ToString());
        Assert.AreEqual("ds:{runs}:group:g", keys.Group("runs", "g").ToString());
    }

    [TestMethod]
    public void Partitions_that_spread_have_slots_of_their_own()
    {
        var keys = new RedisKeys("own", spread: true);

        Assert.AreEqual("own:{runs}:topic", keys.Topic("runs").ToString());
        Assert.AreEqual("own:{runs#7}:p:7", keys.Partition("runs", 7).ToString());
        Assert.AreEqual("own:{runs#7}:p:7:times", keys.Times("runs", 7).ToString());
    }

    [TestMethod]
    [DataRow("0-0")]
    [DataRow("1763739212345-17")]
    [DataRow("18446744073709551615-18446744073709551615")]
    public void An_offset_is_an_id_and_back(string id) => Assert.AreEqual(id, RedisIds.ToText(RedisIds.Parse(System.Text.Encoding.ASCII.GetBytes(id))));

    [TestMethod]
    [DataRow("")]
    [DataRow("17")]
    [DataRow("17-")]
    [DataRow("-1-1")]
    [DataRow("1-1-1")]
    [DataRow("18446744073709551616-0")]
    public void What_is_no_id_is_damage(string id) =>
        Assert.AreEqual(StreamErrorKind.Corrupt, Assert.Throws<StreamException>(() => RedisIds.Parse(System.Text.Encoding.ASCII.GetBytes(id))).Kind);

    [TestMethod]
    public void A_layout_gives_every_record_its_place()
    {
        var layout = new AppendLayout(1_000_000, 5);
        layout.AddPartition(2, 3);
        layout.AddRecord(1_000_000);
        layout.AddRecord(1_000_003);
        layout.AddRecord(1_000_900);
        layout.AddPartition(300, 2);
        layout.AddRecord(1_000_001);
        layout.AddRecord(1_000_002);

        var places = new Dictionary<(long Sequence, int Partition), UInt128>();
        AppendLayout.Read(layout.ToArray(), [RedisIds.Make(5, 10), RedisIds.Make(5, 90)], places);

        Assert.HasCount(5, places);
        Assert.AreEqual(RedisIds.Make(5, 12), places[(1_000_900, 2)]);
        Assert.AreEqual(RedisIds.Make(5, 91), places[(1_000_002, 300)]);
        Assert.AreEqual(StreamErrorKind.Corrupt, Assert.Throws<StreamException>(() => AppendLayout.Read([0x80], [], places)).Kind);
    }
}
