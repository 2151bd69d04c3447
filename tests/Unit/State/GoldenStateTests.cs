using System.Text.Json;
using DashStream.State;

namespace DashStream.Tests.State;

/// <summary>What the original computed, line by line: always the trimmed copies, and the full files where a machine has them.</summary>
[TestClass]
public sealed class GoldenStateTests
{
    [TestMethod]
    public void Hashes_and_sizes_are_those_of_the_original()
    {
        foreach (var line in Lines("state-hashes.jsonl"))
        {
            var json = line.GetProperty("json").GetString()!;
            if (line.TryGetProperty("error", out _))
            {
                Assert.ThrowsExactly<StreamException>(() => json.Hash(), json);
                continue;
            }

            Assert.AreEqual(line.GetProperty("state_hash").GetString(), json.Hash().ToString(), json);
            Assert.AreEqual(line.GetProperty("size").GetInt32(), CanonicalJson.Size(json.Utf8()), json);
        }
    }

    [TestMethod]
    public void Diffs_have_the_hash_sizes_and_decision_of_the_original()
    {
        foreach (var line in Lines("state-diffs.jsonl"))
        {
            var result = StateDiffer.Compare(Raw(line, "old"), Raw(line, "new"));

            Assert.AreEqual(line.GetProperty("state_hash").GetString(), result.StateHash.ToString());
            Assert.AreEqual(line.GetProperty("full_state_size").GetInt32(), result.FullStateSize);
            Assert.AreEqual(line.GetProperty("patch_size").GetInt64(), result.PatchSize);
            Assert.AreEqual(line.GetProperty("use_full_state").GetBoolean(), result.UseFullState);
            Assert.IsLessThanOrEqualTo(result.PatchSize, result.Patch.Json.Length);
        }
    }

    [TestMethod]
    public void The_originals_patches_and_ours_lead_to_the_new_state()
    {
        foreach (var line in Lines("state-diffs.jsonl"))
        {
            var expected = StateHash.Of(Raw(line, "new"));
            var ours = StateDiffer.Compare(Raw(line, "old"), Raw(line, "new")).Patch;

            StatePatch.Parse(Raw(line, "patch")).ApplyTo(Raw(line, "old"), expected);
            ours.ApplyTo(Raw(line, "old"), expected);
            StatePatch.Parse(ours.Json).ApplyTo(Raw(line, "old"), expected);
        }
    }

    [TestMethod]
    [DataRow("""{"b":2,"a":1,"nested":{"z":"x","y":[true,null]}}""", "f35279c8aa6b00bc82d43a191596cc3b41b7de7899ee16e36a08efe3afc45103")]
    [DataRow("""{"count":2}""", "57413ce83ee1d989e384dfd3a82c6e2d9052a23c4204706bd2d7df11aa4c2d7c")]
    [DataRow("""{"counter":6,"messages":["Hello","World"]}""", "529cd9536255ec1c3c253c2cfb5879f52bdd74d4a5d33d30d9e93490da186c30")]
    public void Known_hashes(string json, string hash) => Assert.AreEqual(hash, json.Hash().ToString());

    [TestMethod]
    public void Small_states_go_out_whole()
    {
        var counted = StateDiffer.Compare("""{"count":1}""".Utf8(), """{"count":2}""".Utf8());
        var messages = StateDiffer.Compare("""{"messages":["Hello"],"counter":5}""".Utf8(), """{"messages":["Hello","World"],"counter":6}""".Utf8());

        Assert.AreEqual("8b361f63e0cc0bea1c27f8deb98cadb9731eea3decce96ee9649904761d9ba0e", counted.PatchHash.ToString());
        Assert.AreEqual((44L, 11, true), (counted.PatchSize, counted.FullStateSize, counted.UseFullState));
        Assert.AreEqual((96L, 42, true), (messages.PatchSize, messages.FullStateSize, messages.UseFullState));
    }

    private static byte[] Raw(JsonElement line, string name) => line.GetProperty(name).GetRawText().Utf8();

    private static IEnumerable<JsonElement> Lines(string file) =>
        GoldenData.JsonLines(GoldenData.FindShared("golden", file) ?? GoldenData.Trimmed("golden", file));
}
