using DashStream.State;

namespace DashStream.Tests.State;

/// <summary>Patches that are refused, with the kind of error, the operation and the path, and without a word of the payload.</summary>
[TestClass]
public sealed class BadPatchTests
{
    private const string State = """{"a":[1,2,3],"o":{"k":"secret"},"s":"secret"}""";

    [TestMethod]
    [DataRow("a", DisplayName = "no slash")]
    [DataRow("/o/k~", DisplayName = "tilde at the end")]
    [DataRow("/o/k~2", DisplayName = "unknown escape")]
    [DataRow("/a/00", DisplayName = "leading zero")]
    [DataRow("/a/01", DisplayName = "leading zero before a digit")]
    [DataRow("/a/+1", DisplayName = "sign")]
    [DataRow("/a/-1", DisplayName = "negative")]
    [DataRow("/a/1e0", DisplayName = "exponent")]
    [DataRow("/a/3", DisplayName = "beyond the end")]
    [DataRow("/a/99999999999999999999", DisplayName = "beyond any integer")]
    [DataRow("/a/-", DisplayName = "after the last")]
    [DataRow("/a/", DisplayName = "empty index")]
    [DataRow("/missing", DisplayName = "missing member")]
    [DataRow("/missing/k", DisplayName = "missing parent")]
    [DataRow("/s/0", DisplayName = "into a string")]
    [DataRow("/-", DisplayName = "dash in an object")]
    public void A_pointer_that_leads_nowhere_is_refused_by_every_operation_that_needs_a_target(string path)
    {
        string[] patches =
        [
            $$"""[{"op":"remove","path":"{{path}}"}]""",
            $$"""[{"op":"replace","path":"{{path}}","value":"hidden"}]""",
            $$"""[{"op":"test","path":"{{path}}","value":"hidden"}]""",
            $$"""[{"op":"copy","from":"{{path}}","path":"/new"}]""",
            $$"""[{"op":"move","from":"{{path}}","path":"/new"}]""",
        ];

        foreach (var patch in patches)
        {
            AssertRefused(patch, StreamErrorKind.InvalidRequest);
        }
    }

    [TestMethod]
    [DataRow("""{"op":"add","path":"/a/4","value":1}""", DisplayName = "add beyond the end")]
    [DataRow("""{"op":"add","path":"/a/-/x","value":1}""", DisplayName = "dash in the middle")]
    [DataRow("""{"op":"add","path":"/s/x","value":1}""", DisplayName = "add into a string")]
    [DataRow("""{"op":"remove","path":""}""", DisplayName = "remove the root")]
    [DataRow("""{"op":"move","from":"/o","path":"/o/k"}""", DisplayName = "move into a member")]
    [DataRow("""{"op":"move","from":"/o","path":"/o/x/y"}""", DisplayName = "move deeper")]
    [DataRow("""{"op":"move","from":"","path":"/x"}""", DisplayName = "move the root into itself")]
    [DataRow("""{"op":"test","path":"/a/0","value":1.0}""", DisplayName = "a whole number is not one with a point")]
    [DataRow("""{"op":"test","path":"/o","value":{"k":"hidden"}}""", DisplayName = "test of another value")]
    public void An_operation_that_does_not_fit_is_refused(string operation) =>
        AssertRefused($"[{operation}]", StreamErrorKind.InvalidRequest);

    [TestMethod]
    [DataRow("""{"op":"add","path":"/x"}""", DisplayName = "add without value")]
    [DataRow("""{"op":"replace","path":"/s"}""", DisplayName = "replace without value")]
    [DataRow("""{"op":"test","path":"/s"}""", DisplayName = "test without value")]
    [DataRow("""{"op":"move","path":"/s"}""", DisplayName = "move without from")]
    [DataRow("""{"op":"copy","path":"/s"}""", DisplayName = "copy without from")]
    [DataRow("""{"op":"add","value":1}""", DisplayName = "no path")]
    [DataRow("""{"path":"/s","value":1}""", DisplayName = "no op")]
    [DataRow("""{"op":"Add","path":"/s","value":1}""", DisplayName = "unknown op")]
    [DataRow("""{"op":1,"path":"/s","value":1}""", DisplayName = "op is a number")]
    [DataRow("""{"op":"add","path":null,"value":1}""", DisplayName = "path is null")]
    [DataRow("""{"op":"add","path":"/x","path":"/y","value":1}""", DisplayName = "two paths")]
    [DataRow("""{"op":"add","path":"/x","value":1,"value":2}""", DisplayName = "two values")]
    [DataRow("[]", DisplayName = "not an object")]
    public void A_malformed_operation_is_refused(string operation) => AssertRefused($"[{operation}]", StreamErrorKind.Corrupt);

    [TestMethod]
    [DataRow("")]
    [DataRow("{}")]
    [DataRow("[")]
    [DataRow("[]x")]
    [DataRow("""[{"op":"add","path":"/x","value":"\ud800"}]""")]
    [DataRow("""[{"op":"add","path":"/\udc00","value":1}]""")]
    [DataRow("""[{"op":"add","path":"/x","value":1e400}]""")]
    public void What_is_not_a_patch_is_corrupt(string patch)
    {
        var error = Assert.Throws<StreamException>(() => JsonBytes.Apply(patch, State));

        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
    }

    [TestMethod]
    public void The_error_names_the_operation_and_the_path_and_no_value()
    {
        var patch = """[{"op":"add","path":"/x","value":"hidden"},{"op":"test","path":"/s","value":"hidden"}]""";

        var error = Assert.ThrowsExactly<StatePatchException>(() => JsonBytes.Apply(patch, State));

        Assert.AreEqual((1, "/s"), (error.OperationIndex, error.Path));
        Assert.DoesNotContain("hidden", error.Message);
        Assert.DoesNotContain("secret", error.Message);
    }

    [TestMethod]
    public void A_failed_patch_leaves_the_state_as_it_was()
    {
        var state = State.Utf8();
        var patch = StatePatch.Parse("""[{"op":"replace","path":"/a/0","value":9},{"op":"remove","path":"/o"},{"op":"remove","path":"/missing"}]""".Utf8());

        Assert.ThrowsExactly<StatePatchException>(() => patch.ApplyTo(state));

        CollectionAssert.AreEqual(State.Utf8(), state);
    }

    [TestMethod]
    public void A_hash_that_does_not_fit_is_told_with_both_hashes()
    {
        var patch = StatePatch.Parse("""[{"op":"remove","path":"/a"}]""".Utf8());

        var error = Assert.ThrowsExactly<StateHashMismatchException>(() => patch.ApplyTo(State.Utf8(), "{}".Hash()));

        var (announced, actual) = (error.Expected, error.Actual);
        Assert.AreEqual("{}".Hash(), announced);
        Assert.AreEqual("""{"o":{"k":"secret"},"s":"secret"}""".Hash(), actual);
        Assert.Contains(error.Expected.ToString(), error.Message);
        Assert.Contains(error.Actual.ToString(), error.Message);
    }

    private static void AssertRefused(string patch, StreamErrorKind kind)
    {
        var error = Assert.ThrowsExactly<StatePatchException>(() => JsonBytes.Apply(patch, State), patch);

        Assert.AreEqual(kind, error.Kind, patch);
        Assert.AreEqual(0, error.OperationIndex, patch);
        Assert.DoesNotContain("hidden", error.Message);
        Assert.DoesNotContain("secret", error.Message);
    }
}
