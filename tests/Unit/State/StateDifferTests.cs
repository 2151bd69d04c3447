using DashStream.State;

namespace DashStream.Tests.State;

/// <summary>What patches look like.</summary>
[TestClass]
public sealed class StateDifferTests
{
    [TestMethod]
    [DataRow("""{"a":1,"p":"................................................................"}""", """{"a":1.0,"p":"................................................................"}""", """[{"op":"replace","path":"/a","value":1.0}]""", DisplayName = "a whole number becomes one with a point")]
    [DataRow("""{"a":1.0,"b":"\u00e9"}""", """{"b":"é","a":1.00}""", "[]", DisplayName = "only the spelling differs")]
    [DataRow("""{"p":"................................................................"}""", """{"p":"................................................................","n":1.50e1}""", """[{"op":"add","path":"/n","value":1.50e1}]""", DisplayName = "numbers stay as written")]
    [DataRow("""{"a/b":{"m~n":0},"p":"........................................................"}""", """{"a/b":{"m~n":1},"p":"........................................................"}""", """[{"op":"replace","path":"/a~1b/m~0n","value":1}]""", DisplayName = "keys are escaped")]
    [DataRow("""["aaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbb","cccccccccccccccccccc"]""", """["bbbbbbbbbbbbbbbbbbbb","cccccccccccccccccccc"]""", """[{"op":"remove","path":"/0"}]""", DisplayName = "remove at the front")]
    [DataRow("""["aaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbb","cccccccccccccccccccc"]""", """["x","aaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbb","cccccccccccccccccccc"]""", """[{"op":"add","path":"/0","value":"x"}]""", DisplayName = "add at the front")]
    [DataRow("""["aaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbb","cccccccccccccccccccc","d"]""", """["bbbbbbbbbbbbbbbbbbbb","cccccccccccccccccccc","d","e"]""", """[{"op":"remove","path":"/0"},{"op":"add","path":"/3","value":"e"}]""", DisplayName = "a window moves on")]
    [DataRow("""{"b":1,"a":[1],"pppppppppppppppppppppppppppppppp":"................"}""", """{"c":2,"a":[1,2],"pppppppppppppppppppppppppppppppp":"................"}""", """[{"op":"add","path":"/a/1","value":2},{"op":"add","path":"/c","value":2},{"op":"remove","path":"/b"}]""", DisplayName = "added in order of keys, then removed")]
    public void Patches(string before, string after, string patch)
    {
        var result = StateDiffer.Compare(before.Utf8(), after.Utf8());

        Assert.AreEqual(patch, result.Patch.Json.ToArray().Text());
        result.Patch.ApplyTo(before.Utf8(), result.StateHash);
    }

    [TestMethod]
    public void A_history_that_loses_its_beginning_is_a_patch_under_our_own_rule()
    {
        static string History(int from, int to) => "[" + string.Join(",", Enumerable.Range(from, to - from).Select(i => $$"""{"role":"user","content":"message {{i}}"}""")) + "]";

        var original = StateDiffer.Compare(History(0, 500).Utf8(), History(200, 510).Utf8());
        var own = StateDiffer.Compare(History(0, 500).Utf8(), History(200, 510).Utf8(), new StateOptions { FullStateRule = FullStateRule.OwnPatch });

        Assert.HasCount(210, own.Patch.Operations);
        Assert.IsTrue(original.UseFullState);
        Assert.IsFalse(own.UseFullState);
    }

    [TestMethod]
    public void Untouched_parts_keep_their_spelling()
    {
        var result = JsonBytes.Apply("""[{"op":"add","path":"/z","value":1.50}]""", """{ "b": 1.00, "a": { "x" : 1e3 } }""").Text();

        Assert.AreEqual("""{"b":1.00,"a":{ "x" : 1e3 },"z":1.50}""", result);
    }

    [TestMethod]
    public void A_copy_lives_its_own_life()
    {
        var patch = """[{"op":"add","path":"/a/x","value":1},{"op":"copy","from":"/a","path":"/b"},{"op":"replace","path":"/a/x","value":2},{"op":"add","path":"/b/y","value":{"z":0}},{"op":"copy","from":"/b","path":"/c"},{"op":"replace","path":"/c/y/z","value":9}]""";

        var result = JsonBytes.Apply(patch, """{"a":{}}""").Text();

        Assert.AreEqual("""{"a":{"x":2},"b":{"x":1,"y":{"z":0}},"c":{"x":1,"y":{"z":9}}}""".Hash(), result.Hash());
    }

    [TestMethod]
    public void Comparing_takes_no_memory_that_grows_with_what_stays_the_same()
    {
        var (small, large) = (Allocated(10), Allocated(1000));

        Assert.IsLessThan(small + 1024, large);
    }

    private static long Allocated(int messages)
    {
        static byte[] State(int messages) => ("[" + string.Join(",", Enumerable.Range(0, messages).Select(i => $$"""{"role":"user","content":"message {{i}}"}""")) + "]").Utf8();
        var (before, after) = (State(messages), State(messages + 1));
        var least = long.MaxValue;
        for (var round = 0; round < 10; round++)
        {
            // The pool may give arrays back to the system at any collection, so one round without is what counts.
            var start = GC.GetAllocatedBytesForCurrentThread();
            StateDiffer.Compare(before, after);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - start);
        }

        return least;
    }
}
