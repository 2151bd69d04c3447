using DashStream.State;

namespace DashStream.Tests.State;

/// <summary>What holds for any two states; each seed is a pair.</summary>
[TestClass]
public sealed class StateDiffPropertyTests
{
    private const int Pairs = 4000;
    private const int Depth = 5;

    [TestMethod]
    public void A_patch_leads_to_the_new_state() => ForPairs((seed, before, after) =>
    {
        var result = StateDiffer.Compare(before, after);

        var arrived = result.Patch.ApplyTo(before, result.StateHash);
        Assert.AreEqual(StateHash.Of(after), StateHash.Of(arrived), $"seed {seed}");
    });

    [TestMethod]
    public void A_patch_is_never_larger_than_replacing_the_root() => ForPairs((seed, before, after) =>
    {
        var result = StateDiffer.Compare(before, after);

        var trivial = StatePatch.Of([new StateOperation(StateOperationKind.Replace, "", after)]);
        Assert.IsLessThanOrEqualTo(trivial.Json.Length, result.Patch.Json.Length, $"seed {seed}");
    });

    [TestMethod]
    public void The_text_of_a_patch_reads_back_as_its_operations() => ForPairs((seed, before, after) =>
    {
        var patch = StateDiffer.Compare(before, after).Patch;

        var read = StatePatch.Parse(patch.Json);
        var rewritten = StatePatch.Of(patch.Operations);

        Assert.IsTrue(read.Operations.Select(Describe).SequenceEqual(patch.Operations.Select(Describe)), $"seed {seed}");
        Assert.AreEqual(patch.Json.ToArray().Text(), rewritten.Json.ToArray().Text(), $"seed {seed}");
    });

    [TestMethod]
    public void A_message_leads_to_the_new_state() => ForPairs((seed, before, after) =>
    {
        var result = StateDiffer.Compare(before, after, new StateOptions { FullStateRule = seed % 2 == 0 ? FullStateRule.Original : FullStateRule.OwnPatch });

        var message = Protocol.StateDiff.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(result.ToMessage(after)));

        Assert.AreEqual(StateHash.Of(after), StateHash.Of(message.ApplyTo(before)), $"seed {seed}");
    });

    [TestMethod]
    public void The_hash_is_that_of_the_canonical_text() => ForPairs((seed, before, _) =>
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();

        CanonicalJson.Write(before, output);

        Assert.AreEqual(CanonicalJson.Size(before), output.WrittenCount, $"seed {seed}");
        Assert.AreEqual(StateHash.Of(before).ToString(), Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(output.WrittenSpan)), $"seed {seed}");
    });

    private static string Describe(StateOperation operation) =>
        $"{operation.Kind} {operation.Path} {operation.From} {operation.Value.ToArray().Text()}";

    private static void ForPairs(Action<int, byte[], byte[]> check)
    {
        for (var seed = 0; seed < Pairs; seed++)
        {
            var random = new RandomStates(seed);
            var before = random.Make(Depth);
            check(seed, random.Write(before).Utf8(), random.Write(random.Change(before, Depth)).Utf8());
        }
    }
}
