using System.Text;
using DashStream.State;

namespace DashStream.Tests.State;

/// <summary>States and patches that are malformed or meant to hurt.</summary>
[TestClass]
public sealed class HostileStateTests
{
    [TestMethod]
    [DataRow("")]
    [DataRow("{")]
    [DataRow("{} {}")]
    [DataRow("{\"a\":01}")]
    [DataRow("\"\\ud800\"")]
    [DataRow("\"\\udc00\\ud800\"")]
    [DataRow("{\"\\ud800\":1}")]
    [DataRow("1e309")]
    [DataRow("-1e309")]
    [DataRow("1e99999999999999999999")]
    [DataRow("NaN")]
    public void What_is_not_usable_json_is_corrupt(string json)
    {
        var error = Assert.ThrowsExactly<StreamException>(() => json.Hash());

        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
    }

    [TestMethod]
    public void Bytes_that_are_not_utf8_are_corrupt()
    {
        byte[] json = [(byte)'"', 0xed, 0xa0, 0x80, (byte)'"'];

        Assert.AreEqual(StreamErrorKind.Corrupt, Assert.ThrowsExactly<StreamException>(() => StateHash.Of(json)).Kind);
    }

    [TestMethod]
    [DataRow("1e-400", "0.0")]
    [DataRow("-1e-400", "-0.0")]
    [DataRow("0e99999999999999999999", "0.0")]
    [DataRow("-0", "-0.0")]
    [DataRow("1.0e0", "1.0")]
    [DataRow("1e15", "1000000000000000.0")]
    [DataRow("1e16", "1e+16")]
    [DataRow("1e-5", "0.00001")]
    [DataRow("1e-6", "1e-6")]
    [DataRow("-9223372036854775808", "-9223372036854775808")]
    [DataRow("-9223372036854775809", "-9.223372036854776e+18")]
    [DataRow("18446744073709551616", "1.8446744073709552e+19")]
    [DataRow("6.87431494751387e-10", "6.874314947513871e-10")]
    [DataRow("{\"b\":1,\"a\":2,\"b\":3}", "{\"a\":2,\"b\":3}")]
    [DataRow("\"\\u001F\\/\\u00e9\\n\\u000a\"", "\"\\u001f/é\\n\\n\"")]
    [DataRow("{\"\\\"\":1,\"#\":2,\"\\u0001\":3}", "{\"\\u0001\":3,\"\\\"\":1,\"#\":2}")]
    [DataRow("{\"\\uff61\":1,\"\\ud83d\\ude00\":2}", "{\"｡\":1,\"😀\":2}")]
    public void Canonical_spelling(string json, string canonical)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();

        CanonicalJson.Write(json.Utf8(), output);

        Assert.AreEqual(canonical, Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [TestMethod]
    [DataRow("[", "]")]
    [DataRow("{\"a\":", "}")]
    public void Ten_thousand_levels_are_too_deep(string open, string close)
    {
        const int Levels = 10_000;
        var deep = string.Concat(Enumerable.Repeat(open, Levels)) + "1" + string.Concat(Enumerable.Repeat(close, Levels));

        Assert.AreEqual(StreamErrorKind.TooLarge, Assert.ThrowsExactly<StreamException>(() => deep.Hash()).Kind);
        Assert.AreEqual(StreamErrorKind.TooLarge, Assert.ThrowsExactly<StreamException>(() => StateDiffer.Compare("{}".Utf8(), deep.Utf8())).Kind);
        var patch = $$"""[{"op":"add","path":"/x","value":{{deep}}}]""";
        Assert.AreEqual(StreamErrorKind.TooLarge, Assert.ThrowsExactly<StreamException>(() => StatePatch.Parse(patch.Utf8())).Kind);
    }

    [TestMethod]
    public void The_deepest_state_allowed_is_compared_and_patched()
    {
        const int Levels = 1000;
        var options = new StateOptions { MaxDepth = Levels };
        byte[] Deep(char leaf) => (new string('[', Levels) + leaf + new string(']', Levels)).Utf8();

        var result = StateDiffer.Compare(Deep('1'), Deep('2'), options);

        result.Patch.ApplyTo(Deep('1'), result.StateHash, options);
    }

    [TestMethod]
    public void Operations_cannot_make_a_state_deeper_than_allowed()
    {
        var patch = string.Join(",", Enumerable.Range(0, 200).Select(_ => """{"op":"copy","from":"/a","path":"/b/x"},{"op":"move","from":"/b","path":"/a"},{"op":"add","path":"/b","value":{}}"""));

        var error = Assert.ThrowsExactly<StatePatchException>(() => JsonBytes.Apply($"[{patch}]", """{"a":{},"b":{}}"""));

        Assert.AreEqual(StreamErrorKind.TooLarge, error.Kind);
    }

    [TestMethod]
    public void Copies_that_double_the_state_end_at_the_limit()
    {
        var patch = string.Join(",", Enumerable.Range(0, 64).Select(i => $$"""{"op":"copy","from":"","path":"/{{i}}"}"""));

        var error = Assert.ThrowsExactly<StatePatchException>(() => JsonBytes.Apply($"[{patch}]", """{"text":"some text"}"""));

        Assert.AreEqual(StreamErrorKind.TooLarge, error.Kind);
    }

    [TestMethod]
    public void A_megabyte_key_travels_and_is_cut_in_the_error()
    {
        var key = new string('k', 1 << 20);
        var before = $$"""{"{{key}}":1}""".Utf8();
        var after = $$$"""{"{{{key}}}":{"b":2}}""".Utf8();

        var result = StateDiffer.Compare(before, after);
        var error = Assert.ThrowsExactly<StatePatchException>(() => result.Patch.ApplyTo("{}".Utf8()));

        result.Patch.ApplyTo(before, result.StateHash);
        Assert.IsLessThan(1000, error.Message.Length);
    }

    [TestMethod]
    public void Limits_are_checked()
    {
        var small = new StateOptions { MaxStateBytes = 10, MaxPatchBytes = 60, MaxOperations = 1 };
        var two = """[{"op":"remove","path":"/a"},{"op":"remove","path":"/b"}]""".Utf8();

        AssertTooLarge(() => StateHash.Of("\"123456789\"".Utf8(), small));
        AssertTooLarge(() => StatePatch.Parse(new byte[61], small));
        AssertTooLarge(() => StatePatch.Parse(two, small));
        AssertTooLarge(() => StatePatch.Parse("""[{"op":"add","path":"/a","value":"12345678"}]""".Utf8()).ApplyTo("{}".Utf8(), options: small));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => StateHash.Of("{}".Utf8(), new StateOptions { MaxDepth = 1001 }));
    }

    [TestMethod]
    public void A_comparison_over_the_operation_limit_replaces_the_root()
    {
        var padding = new string('x', 500);
        var before = $$"""{"a":1,"b":1,"p":"{{padding}}"}""".Utf8();
        var after = $$"""{"a":2,"b":2,"p":"{{padding}}"}""".Utf8();

        var result = StateDiffer.Compare(before, after, new StateOptions { MaxOperations = 1 });

        Assert.AreEqual((StateOperationKind.Replace, ""), (result.Patch.Operations.Single().Kind, result.Patch.Operations[0].Path));
        result.Patch.ApplyTo(before, result.StateHash);
    }

    [TestMethod]
    public void Damaged_texts_are_read_or_refused()
    {
        var random = new Random(7);
        var state = """{"messages":[{"role":"user","content":"Hi \u00e9\n"},{"n":[1,2.5e3,-0,null,true]}],"k~/":{"":1}}""".Utf8();
        var patch = """[{"op":"add","path":"/messages/-","value":{"x":"\ud83d\ude00"}},{"op":"copy","from":"/k~0~1","path":"/z"},{"op":"test","path":"/z","value":{"":1}}]""".Utf8();
        for (var round = 0; round < 20_000; round++)
        {
            TryApply(Damage(random, patch), state);
            TryApply(patch, Damage(random, state));
        }
    }

    private static byte[] Damage(Random random, byte[] text)
    {
        byte[] damaged = [.. text];
        damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
        damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
        return random.Next(4) == 0 ? damaged[..random.Next(damaged.Length)] : damaged;
    }

    private static void TryApply(byte[] patch, byte[] state)
    {
        try
        {
            StateHash.Of(StatePatch.Parse(patch).ApplyTo(state));
        }
        catch (StreamException e)
        {
            Assert.IsTrue(e.Kind is StreamErrorKind.Corrupt or StreamErrorKind.InvalidRequest or StreamErrorKind.TooLarge, e.Message);
        }
    }

    private static void AssertTooLarge(Action action) => Assert.AreEqual(StreamErrorKind.TooLarge, Assert.Throws<StreamException>(action).Kind);
}
