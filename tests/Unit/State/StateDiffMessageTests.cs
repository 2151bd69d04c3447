using DashStream.Protocol;
using DashStream.State;
using Google.Protobuf;

namespace DashStream.Tests.State;

/// <summary>The wire form of patches.</summary>
[TestClass]
public sealed class StateDiffMessageTests
{
    private static readonly byte[] Padded = """{"a":1,"p":"........................................................"}""".Utf8();

    [TestMethod]
    public void Operations_go_out_as_the_wire_format_has_them()
    {
        var patch = StatePatch.Parse("""[{"op":"add","path":"/x","value":{"b":1.0}},{"op":"remove","path":"/a"},{"op":"move","from":"/x","path":"/y"},{"op":"copy","from":"/y","path":"/z"},{"op":"test","path":"/z","value":null}]""".Utf8());
        var message = new StateDiffResult(patch, patch.Json.Length, int.MaxValue).ToMessage(default);

        Assert.AreEqual("Add,Remove,Move,Copy,Test", string.Join(",", message.Operations.Select(operation => operation.Op)));
        Assert.AreEqual("/x,/a,/y,/z,/z", string.Join(",", message.Operations.Select(operation => operation.Path)));
        Assert.AreEqual(",,/x,/y,", string.Join(",", message.Operations.Select(operation => operation.From)));
        Assert.AreEqual("{\"b\":1.0}||||null", string.Join("|", message.Operations.Select(operation => operation.Value.ToStringUtf8())));
        Assert.AreEqual(patch.Json.ToArray().Text(), message.ToPatch().Json.ToArray().Text());
    }

    [TestMethod]
    public void A_message_has_operations_or_the_full_state_or_neither_and_always_the_hash()
    {
        var next = """{"a":2,"p":"........................................................"}""".Utf8();
        var patch = StateDiffer.Compare(Padded, next).ToMessage(next, baseCheckpointId: [1, 2]);
        var full = StateDiffer.Compare("1".Utf8(), "2".Utf8()).ToMessage("2".Utf8());
        var same = StateDiffer.Compare("1".Utf8(), "1".Utf8()).ToMessage("1".Utf8());

        Assert.AreEqual((1, 0, 2), (patch.Operations.Count, patch.FullState.Length, patch.BaseCheckpointId.Length));
        Assert.AreEqual((0, "2"), (full.Operations.Count, full.FullState.ToStringUtf8()));
        Assert.AreEqual((0, 0), (same.Operations.Count, same.FullState.Length));
        Assert.AreEqual("1".Hash(), new StateHash(same.StateHash.Span));
    }

    [TestMethod]
    [DataRow(DiffOperation.Types.ValueEncoding.Json)]
    [DataRow(DiffOperation.Types.ValueEncoding.Raw)]
    [DataRow((DiffOperation.Types.ValueEncoding)77)]
    public void An_empty_value_is_null_and_these_encodings_are_read_as_json(DiffOperation.Types.ValueEncoding encoding)
    {
        var message = new StateDiff { Operations = { new DiffOperation { Op = DiffOperation.Types.OpType.Add, Path = "/x", Encoding = encoding } } };

        Assert.AreEqual("""{"x":null}""", message.ApplyTo("{}".Utf8()).Text());
    }

    [TestMethod]
    public void Raw_text_that_is_not_json_is_refused()
    {
        var operation = new DiffOperation { Path = "/x", Value = ByteString.CopyFromUtf8("plain"), Encoding = DiffOperation.Types.ValueEncoding.Raw };

        var error = Assert.ThrowsExactly<StatePatchException>(() => new StateDiff { Operations = { operation } }.ApplyTo("{}".Utf8()));

        Assert.AreEqual(StreamErrorKind.Corrupt, error.Kind);
        Assert.DoesNotContain("plain", error.Message);
    }

    [TestMethod]
    [DataRow(DiffOperation.Types.ValueEncoding.Msgpack)]
    [DataRow(DiffOperation.Types.ValueEncoding.Protobuf)]
    public void Other_encodings_are_refused_even_without_a_value(DiffOperation.Types.ValueEncoding encoding)
    {
        var operation = new DiffOperation { Op = DiffOperation.Types.OpType.Remove, Path = "/a", Encoding = encoding };

        var error = Assert.ThrowsExactly<StatePatchException>(() => new StateDiff { Operations = { operation } }.ApplyTo(Padded));

        Assert.Contains(encoding.ToString(), error.Message);
    }

    [TestMethod]
    public void Unknown_operations_and_halves_of_surrogates_are_refused()
    {
        DiffOperation[] operations = [new() { Op = (DiffOperation.Types.OpType)9, Path = "/a" }, new() { Path = "/\ud800" }];

        foreach (var operation in operations)
        {
            Assert.ThrowsExactly<StatePatchException>(() => new StateDiff { Operations = { operation } }.ApplyTo(Padded));
        }
    }

    [TestMethod]
    public void A_full_state_wins_and_its_hash_is_checked()
    {
        var message = new StateDiff
        {
            FullState = ByteString.CopyFromUtf8("{\"b\": 1}"),
            Operations = { new DiffOperation { Op = DiffOperation.Types.OpType.Remove, Path = "/missing" } },
        };

        Assert.AreEqual("{\"b\": 1}", message.ApplyTo("not looked at".Utf8()).Text());
        message.StateHash = ByteString.CopyFrom("{}".Hash().ToArray());
        Assert.AreEqual("{\"b\":1}".Hash(), Assert.ThrowsExactly<StateHashMismatchException>(() => message.ApplyTo("{}".Utf8())).Actual);
    }

    [TestMethod]
    public void A_hash_of_another_length_is_corrupt()
    {
        var message = new StateDiff { StateHash = ByteString.CopyFrom(1, 2, 3) };

        Assert.AreEqual(StreamErrorKind.Corrupt, Assert.ThrowsExactly<StreamException>(() => message.ApplyTo("{}".Utf8())).Kind);
    }
}
