using System.Text.Json;

namespace DashStream.Tests.State;

/// <summary>The cases of RFC 6902's appendix.</summary>
[TestClass]
public sealed class SpecPatchTests
{
    [TestMethod]
    public void Every_case_of_the_specification_comes_out_as_it_says()
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(GoldenData.Trimmed("json-patch", "spec_tests.json")));
        foreach (var @case in cases.RootElement.EnumerateArray().Where(@case => !@case.TryGetProperty("disabled", out _)))
        {
            var name = @case.GetProperty("comment").GetString()!;
            var (doc, patch) = (@case.GetProperty("doc").GetRawText(), @case.GetProperty("patch").GetRawText());
            if (@case.TryGetProperty("error", out _))
            {
                Assert.Throws<StreamException>(() => JsonBytes.Apply(patch, doc), name);
                continue;
            }

            var result = JsonBytes.Apply(patch, doc).Text();

            Assert.AreEqual(@case.TryGetProperty("expected", out var expected) ? expected.GetRawText().Hash() : doc.Hash(), result.Hash(), name);
        }
    }
}
