namespace DashStream.Conformance.Kafka;

/// <summary>No suite was forgotten for either group protocol.</summary>
[TestClass]
public sealed class CompletenessTests
{
    [TestMethod]
    public void Every_suite_has_a_leaf_for_every_fixture()
    {
        var forgotten = SuiteCheck.Forgotten(typeof(CompletenessTests).Assembly);

        Assert.IsEmpty(forgotten, string.Join(Environment.NewLine, forgotten));
    }
}
