using DashStream.Bench;

namespace DashStream.Tests.Bench;

[TestClass]
public sealed class SpreadTests
{
    [TestMethod]
    public void The_median_of_an_odd_count_is_the_middle_value()
    {
        Assert.AreEqual(new Spread(3, 1, 9), Spread.Of([9, 1, 3]));
    }

    [TestMethod]
    public void The_median_of_an_even_count_is_the_mean_of_the_middle_two()
    {
        Assert.AreEqual(new Spread(2.5, 1, 10), Spread.Of([10, 2, 1, 3]));
    }

    [TestMethod]
    public void Nothing_has_no_median()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Spread.Of([]));
    }

    [TestMethod]
    public void Half_the_time_is_twice_the_speed()
    {
        TimeSpan[] ours = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)];
        TimeSpan[] yardstick = [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)];

        Assert.AreEqual(new Spread(2, 1, 4), Spread.OfSpeedRatios(ours, yardstick));
    }
}
