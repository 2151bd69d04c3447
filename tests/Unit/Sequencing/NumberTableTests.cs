using DashStream.Sequencing;

namespace DashStream.Tests.Sequencing;

[TestClass]
public sealed class NumberTableTests
{
    private const int Lane = 1;

    private readonly NumberTable _table = new(1000);

    [TestMethod]
    public void The_first_number_is_right_whatever_it_is_and_the_next_must_follow()
    {
        Assert.AreEqual((NumberKind.Expected, 0UL), See(17));
        Assert.AreEqual((NumberKind.Expected, 18UL), See(18));
        Assert.AreEqual((NumberKind.Duplicate, 19UL), See(18));
        Assert.AreEqual((NumberKind.Reordered, 19UL), See(3));
        Assert.AreEqual((NumberKind.Expected, 19UL), See(19));
    }

    [TestMethod]
    public void Behind_a_gap_it_goes_on_unless_it_halts()
    {
        See(1);

        Assert.AreEqual((NumberKind.Gap, 2UL), See(5, halt: true));
        Assert.AreEqual((NumberKind.Gap, 2UL), See(5));
        Assert.AreEqual((NumberKind.Expected, 6UL), See(6));
    }

    [TestMethod]
    public void A_new_assignment_expects_nothing()
    {
        See(1);

        Assert.AreEqual(NumberKind.Expected, See(9, epoch: 2).Kind);
        Assert.AreEqual(NumberKind.Expected, See(10, epoch: 2).Kind);
    }

    [TestMethod]
    public void An_accepted_number_raises_the_expectation_and_never_lowers_it()
    {
        See(1);
        _table.Accept(Lane, 1, 7);
        _table.Accept(Lane, 1, 4);

        Assert.AreEqual((NumberKind.Expected, 8UL), See(8));
    }

    [TestMethod]
    public void The_last_number_there_is_does_not_wrap_around()
    {
        See(ulong.MaxValue - 1);
        See(ulong.MaxValue);

        Assert.AreEqual(NumberKind.Expected, See(ulong.MaxValue).Kind);
        Assert.AreEqual(NumberKind.Reordered, See(1).Kind);
    }

    [TestMethod]
    public void The_table_keeps_the_most_recent_and_no_more_than_it_may()
    {
        var map = new RecentMap<int>(100);
        for (var i = 0; i < 1000; i++)
        {
            map.GetOrAdd((UInt128)i, out _) = i;
            map.GetOrAdd(0, out var known);
            Assert.IsTrue(known, "What is used all the time stays.");
            Assert.IsLessThanOrEqualTo(100, map.Count);
        }

        Assert.IsTrue(Enumerable.Range(951, 49).All(i => map.Contains((UInt128)i)));
    }

    [TestMethod]
    public void Names_that_run_together_are_told_apart()
    {
        UInt128[] hashes =
        [
            LaneHash.Of("ab", "c", []), LaneHash.Of("a", "bc", []), LaneHash.Of("", "abc", []), LaneHash.Of("ab", "", "c"u8),
            LaneHash.Of("ab", "c", "c"u8), LaneHash.Of("ab", "c\0", []), LaneHash.Of("ab", "c\0\0\0\0\0\0\0", []),
        ];

        Assert.HasCount(hashes.Length, hashes.Distinct());
        Assert.AreEqual(hashes[0], LaneHash.Of("ab", "c", []));
    }

    private (NumberKind Kind, ulong Expected) See(ulong number, long epoch = 1, bool halt = false)
    {
        var kind = _table.See(Lane, epoch, number, halt, out var expected);
        return (kind, expected);
    }
}
