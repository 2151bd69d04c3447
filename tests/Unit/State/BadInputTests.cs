using DashStream.Protocol;
using DashStream.State;
using Google.Protobuf;

namespace DashStream.Tests.State;

/// <summary>Every kind of bad input, given to a patch, to a message and to a replica: a typed error, and the old state as it was.</summary>
[TestClass]
public sealed class BadInputTests
{
    private const string Old = """{"a":[1,2,3],"o":{"k":"v"},"s":"text","n":1}""";

    private static readonly string Deep = string.Concat(Enumerable.Repeat("[", 10_000)) + string.Concat(Enumerable.Repeat("]", 10_000));
    private static readonly string LongKey = new('k', 1 << 20);

    /// <summary>What is bad, and the patch.</summary>
    public static IEnumerable<object[]> Patches =>
    [
        ["pointer without a slash", Op("add", "a/0")],
        ["pointer with a bad escape", Op("add", "/o/~2")],
        ["pointer with half an escape", Op("replace", "/o/k~")],
        ["pointer through a number", Op("add", "/n/x")],
        ["pointer to nothing", Op("remove", "/x/y/z")],
        ["index beyond the end", Op("add", "/a/4")],
        ["index at the end where none is", Op("replace", "/a/3")],
        ["index beyond 32 bits", Op("add", "/a/4294967296")],
        ["index beyond 64 bits", Op("remove", "/a/18446744073709551616")],
        ["index with a leading zero", Op("test", "/a/01")],
        ["dash where something must be", Op("remove", "/a/-")],
        ["dash in the middle", Op("add", "/a/-/x")],
        ["dash in a number", Op("add", "/n/-")],
        ["add without a value", """[{"op":"add","path":"/x"}]"""],
        ["replace without a value", """[{"op":"replace","path":"/s"}]"""],
        ["test without a value", """[{"op":"test","path":"/s"}]"""],
        ["move without a from", """[{"op":"move","path":"/x"}]"""],
        ["a move into itself", """[{"op":"move","from":"/o","path":"/o/k/l"}]"""],
        ["a move of the root into it", """[{"op":"move","from":"","path":"/o/x"}]"""],
        ["moves in a circle", """[{"op":"move","from":"/o","path":"/a/0"},{"op":"move","from":"/a","path":"/a/0/x"}]"""],
        ["an operation that names its path twice", """[{"op":"add","path":"/x","value":1,"path":"/y"}]"""],
        ["an operation nobody knows", Op("merge", "/s")],
        ["half a surrogate pair in a value", Op("add", "/x", "\"\\ud800\"")],
        ["half a surrogate pair in a key", Op("add", "/x", "{\"\\udfff\":1}")],
        ["half a surrogate pair in a pointer", Op("add", "/\\ud83d")],
        ["a number beyond a double", Op("add", "/x", "1e309")],
        ["a negative number beyond a double", Op("add", "/x", "[-1e9999999999]")],
        ["ten thousand levels", Op("add", "/x", Deep)],
        ["a megabyte of a key that is not there", Op("remove", "/" + LongKey)],
        ["a cut patch", Op("add", "/x")[..^3]],
        ["an object", "{}"],
        ["nothing", ""],
        ["a good operation before a bad one", """[{"op":"remove","path":"/a"},{"op":"remove","path":"/a"}]"""],
    ];

    [TestMethod]
    [DynamicData(nameof(Patches))]
    public void A_patch_is_refused_by_kind_and_leaves_the_state(string name, string patch)
    {
        var state = Old.Utf8();

        var error = Assert.Throws<StreamException>(() => StatePatch.Parse(patch.Utf8()).ApplyTo(state), name);

        Assert.IsTrue(error.Kind is StreamErrorKind.Corrupt or StreamErrorKind.InvalidRequest or StreamErrorKind.TooLarge, $"{name}: {error.Kind}");
        Assert.IsLessThan(1_000, error.Message.Length, name);
        Assert.AreEqual(Old, state.Text(), name);
    }

    [TestMethod]
    [DynamicData(nameof(Patches))]
    public void A_replica_tells_why_and_stays_where_it_was(string name, string patch)
    {
        foreach (var message in Messages(patch))
        {
            var replica = new StateReplica("t");
            _ = replica.Offer(new StateDiff { Header = Header(1), FullState = ByteString.CopyFromUtf8(Old), StateHash = HashOf(Old) });

            var offer = replica.Offer(message);

            Assert.AreNotEqual(StateOffer.Applied, offer, name);
            Assert.IsNotNull(replica.LastError, name);
            Assert.AreEqual(Old, replica.Moment!.State.ToArray().Text(), name);
            _ = replica.Offer(new StateDiff { Header = Header(3), FullState = ByteString.CopyFromUtf8("{}"), StateHash = HashOf("{}") });
            Assert.AreEqual("{}", replica.Moment!.State.ToArray().Text(), name);
        }
    }

    [TestMethod]
    [DataRow("{\"a\":1", DisplayName = "cut")]
    [DataRow("\"\\udc00\"", DisplayName = "half a surrogate pair")]
    [DataRow("{\"n\":1e400}", DisplayName = "a number beyond a double")]
    [DataRow("deep", DisplayName = "ten thousand levels")]
    [DataRow("hash", DisplayName = "a hash that does not fit")]
    [DataRow("short", DisplayName = "a hash of another length")]
    public void A_whole_state_that_is_bad_is_told_and_changes_nothing(string state)
    {
        var bad = new StateDiff { Header = Header(2), FullState = ByteString.CopyFromUtf8(state == "deep" ? Deep : state is "hash" or "short" ? "{}" : state), StateHash = HashOf("[]") };
        bad.StateHash = state == "short" ? ByteString.CopyFrom(1, 2, 3) : state == "hash" ? bad.StateHash : ByteString.Empty;
        var old = Old.Utf8();
        var replica = new StateReplica("t");
        _ = replica.Offer(new StateDiff { Header = Header(1), FullState = ByteString.CopyFromUtf8(Old), StateHash = HashOf(Old) });

        Assert.Throws<StreamException>(() => bad.ApplyTo(old));
        _ = replica.Offer(bad);

        Assert.AreEqual(Old, old.Text());
        Assert.AreEqual(Old, replica.Moment!.State.ToArray().Text());
        Assert.IsNotNull(replica.LastError);
    }

    [TestMethod]
    public void Of_doubled_keys_the_last_counts_everywhere()
    {
        const string Doubled = """{"a":1,"b":2,"a":3}""";

        Assert.AreEqual("""{"a":3,"b":2}""".Hash(), Doubled.Hash());
        Assert.IsEmpty(StateDiffer.Compare(Doubled.Utf8(), """{"b":2,"a":3}""".Utf8()).Patch.Operations);
        Assert.AreEqual("""{"b":2}""".Hash(), JsonBytes.Apply("""[{"op":"remove","path":"/a"}]""", Doubled).Text().Hash());
        Assert.AreEqual("""{"b":2,"x":3,"a":3}""".Hash(), JsonBytes.Apply("""[{"op":"copy","from":"/a","path":"/x"}]""", Doubled).Text().Hash());
    }

    private static IEnumerable<StateDiff> Messages(string patch)
    {
        if (TryParse(patch) is not { } read)
        {
            // What no message can say is said by one whose value is no JSON.
            var cut = patch.Length == 0 ? "?" : patch[..^1];
            yield return new StateDiff { Header = Header(2), Operations = { new DiffOperation { Path = "/x", Value = ByteString.CopyFromUtf8(cut) } } };
            yield break;
        }

        var message = new StateDiff { Header = Header(2) };
        foreach (var operation in read.Operations)
        {
            message.Operations.Add(new DiffOperation
            {
                Op = (DiffOperation.Types.OpType)operation.Kind,
                Path = operation.Path,
                From = operation.From ?? "",
                Value = ByteString.CopyFrom(operation.Value.Span),
            });
        }

        yield return message;
        var hashed = message.Clone();
        hashed.StateHash = HashOf("[]");
        yield return hashed;
    }

    private static StatePatch? TryParse(string patch)
    {
        try
        {
            return StatePatch.Parse(patch.Utf8());
        }
        catch (StreamException)
        {
            return null;
        }
    }

    private static string Op(string op, string path, string value = "1") => $$"""[{"op":"{{op}}","path":"{{path}}","value":{{value}}}]""";

    private static ByteString HashOf(string state) => ByteString.CopyFrom(state.Hash().ToArray());

    private static Header Header(ulong number) => new() { ThreadId = "t", Sequence = number, TimestampUs = (long)number };
}
