using DashStream.Providers;
using StackExchange.Redis;

namespace DashStream.Conformance.Redis;

[TestClass]
public sealed class OldResultPoolTests
{
    [TestMethod]
    public void Old_clients_keep_no_box_for_the_next_command()
    {
        var isOld = typeof(ConnectionMultiplexer).Assembly.GetName().Version!.Major < 2;

        Assert.AreEqual(isOld, OldResultPool.Close());
        Assert.AreEqual(isOld, OldResultPool.Close(), "Again changes nothing.");
    }
}
