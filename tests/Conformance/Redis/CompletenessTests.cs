namespace DashStream.Conformance.Redis;

/// <summary>No suite was forgotten.</summary>
[TestClass]
public sealed class CompletenessTests
{
    [TestMethod]
    public void Every_suite_has_a_leaf()
    {
        var forgotten = SuiteCheck.Forgotten(typeof(CompletenessTests).Assembly);

        Assert.IsEmpty(forgotten, string.Join(Environment.NewLine, forgotten));
    }
}
