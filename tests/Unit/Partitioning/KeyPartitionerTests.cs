using System.Text;

namespace DashStream.Tests.Partitioning;

[TestClass]
public sealed class KeyPartitionerTests
{
    [TestMethod]
    public void Crc32_is_the_common_one() =>
        Assert.AreEqual(0xCBF43926u, KeyPartitioner.Crc32("123456789"u8));

    [TestMethod]
    [DataRow("21", -973932308)]
    [DataRow("foobar", -790332482)]
    [DataRow("a-little-bit-long-string", -985981536)]
    [DataRow("a-little-bit-longer-string", -1486304829)]
    [DataRow("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    public void Murmur2_is_that_of_the_Java_client(string key, int expected) =>
        Assert.AreEqual(unchecked((uint)expected), KeyPartitioner.Murmur2(Encoding.UTF8.GetBytes(key)));

    [TestMethod]
    public void Keys_of_the_original_topic_land_where_the_original_put_them()
    {
        // partition of each key in the original's four-partition topic
        (string Key, int Partition)[] seen =
        [
            ("airline-10-0", 3),
            ("airline-14-0", 3),
            ("airline-18-0", 3),
            ("airline-2-0", 2),
            ("airline-6-0", 2),
            ("airline-12-0", 1),
            ("airline-16-0", 1),
            ("airline-0-0", 0),
            ("airline-4-0", 0),
            ("airline-8-0", 0),
        ];

        foreach (var (key, partition) in seen)
        {
            Assert.AreEqual(partition, KeyPartitioner.PartitionOf(Encoding.UTF8.GetBytes(key), 4), key);
        }
    }
}
