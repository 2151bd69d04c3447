using DashStream.Bench;

namespace DashStream.Tests.Bench;

[TestClass]
public sealed class SettlingTests
{
    [TestMethod]
    public void Two_rounds_without_a_gain_are_enough()
    {
        Assert.IsFalse(After((10, 10)).IsSettled);
        Assert.IsFalse(After((10, 10), (10, 10)).IsSettled);
        Assert.IsTrue(After((10, 10), (9.5, 10), (10, 12)).IsSettled);
    }

    [TestMethod]
    public void Any_side_that_becomes_faster_begins_the_count_anew()
    {
        Assert.IsFalse(After((10, 10), (10, 10), (10, 8.9)).IsSettled);
        Assert.IsTrue(After((10, 10), (10, 10), (10, 8.9), (10, 9), (10, 9)).IsSettled);
    }

    [TestMethod]
    public void What_counts_is_the_best_round_so_far()
    {
        Assert.IsTrue(After((10, 10), (20, 10), (10, 10)).IsSettled);
    }

    private static Settling After(params (double One, double Other)[] rounds)
    {
        var settling = new Settling();
        foreach (var (one, other) in rounds)
        {
            settling.Add([TimeSpan.FromSeconds(one), TimeSpan.FromSeconds(other)]);
        }

        return settling;
    }
}
