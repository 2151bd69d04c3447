using DashStream.State;

namespace DashStream.Tests.State;

/// <summary>States that are kept read give what comparing texts gives.</summary>
[TestClass]
public sealed class PreparedStateTests
{
    private const int Series = 400;
    private const int Steps = 8;
    private const int Depth = 5;

    [TestMethod]
    public void A_series_of_states_gives_the_same_results_as_pairs()
    {
        for (var seed = 0; seed < Series; seed++)
        {
            var random = new RandomStates(seed);
            var value = random.Make(Depth);
            var last = random.Write(value).Utf8();
            using var first = PreparedState.Of(last);
            var before = first;
            for (var step = 0; step < Steps; step++)
            {
                value = random.Change(value, Depth);
                var json = random.Write(value).Utf8();
                var after = before.Next(json);
                AssertSame(StateDiffer.Compare(last, json), StateDiffer.Compare(before, after), $"seed {seed}, step {step}");
                before.Dispose();
                (before, last) = (after, json);
            }

            before.Dispose();
        }
    }

    [TestMethod]
    [DataRow("role", "content")]
    [DataRow("content", "role")]
    public void A_growing_history_is_hashed_as_a_whole_one_is(string firstKey, string secondKey)
    {
        var history = "";
        using var empty = PreparedState.Of("""{"messages":[],"turn":0}""".Utf8());
        var before = empty;
        for (var turn = 1; turn < 60; turn++)
        {
            history += $$"""{{(turn > 1 ? "," : "")}}{"{{firstKey}}":"user","{{secondKey}}":"Message {{turn}} \u0022with\u0022 {{new string('x', 100)}}"}""";
            var json = $$"""{"messages":[{{history}}],"turn":{{turn}}}""".Utf8();
            var after = before.Next(json);

            AssertSame(StateDiffer.Compare(before.Json, json), StateDiffer.Compare(before, after), $"turn {turn}");
            Assert.AreEqual(StateHash.Of(json), after.Hash, $"turn {turn}");
            before.Dispose();
            before = after;
        }

        before.Dispose();
    }

    [TestMethod]
    public void One_state_may_have_many_that_come_after_it()
    {
        static byte[] With(int turns) => $$"""{"messages":["{{new string('m', 4000)}}"],"turns":[{{string.Join(',', Enumerable.Range(0, turns))}}]}""".Utf8();
        using var first = PreparedState.Of(With(1));
        using var second = first.Next(With(2));
        foreach (var turns in (int[])[3, 1, 40, 2, 0])
        {
            using var third = second.Next(With(turns));
            Assert.AreEqual(StateHash.Of(With(turns)), third.Hash);
            AssertSame(StateDiffer.Compare(With(2), With(turns)), StateDiffer.Compare(second, third), $"{turns} turns");
        }
    }

    [TestMethod]
    public void A_state_that_is_refused_leaves_the_one_before_as_it_was()
    {
        using var before = PreparedState.Of("""{"a":[1,2]}""".Utf8(), new StateOptions { MaxDepth = 2, MaxStateBytes = 20 });

        Assert.AreEqual(StreamErrorKind.Corrupt, Assert.ThrowsExactly<StreamException>(() => before.Next("""{"a":[1,2""".Utf8())).Kind);
        Assert.AreEqual(StreamErrorKind.Corrupt, Assert.ThrowsExactly<StreamException>(() => before.Next((byte[])[.. "{\"a\":[1,\""u8, 0xff, .. "\"]}"u8])).Kind);
        Assert.AreEqual(StreamErrorKind.TooLarge, Assert.ThrowsExactly<StreamException>(() => before.Next("""{"a":[1,[2]]}""".Utf8())).Kind);
        Assert.AreEqual(StreamErrorKind.TooLarge, Assert.ThrowsExactly<StreamException>(() => before.Next(new byte[21])).Kind);
        using var after = before.Next("""{"a":[1,2,3]}""".Utf8());
        Assert.AreEqual("/a/2", StateDiffer.Compare(before, after).Patch.Operations.Single().Path);
    }

    [TestMethod]
    public void What_was_disposed_is_refused()
    {
        var state = PreparedState.Of("{}".Utf8());
        state.Dispose();
        state.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(() => state.Next("{}".Utf8()));
        Assert.ThrowsExactly<ObjectDisposedException>(() => StateDiffer.Compare(state, state));
    }

    private static void AssertSame(StateDiffResult expected, StateDiffResult actual, string where)
    {
        Assert.AreEqual(expected.Patch.Json.ToArray().Text(), actual.Patch.Json.ToArray().Text(), where);
        Assert.AreEqual(expected.StateHash, actual.StateHash, where);
        Assert.AreEqual(expected.PatchHash, actual.PatchHash, where);
        Assert.AreEqual((expected.PatchSize, expected.FullStateSize, expected.UseFullState), (actual.PatchSize, actual.FullStateSize, actual.UseFullState), where);
    }
}
