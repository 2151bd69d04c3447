namespace DashStream.Conformance.Providers;

/// <summary>Nothing was forgotten, neither a suite nor a line of the table that says what is tested.</summary>
[TestClass]
public sealed class CompletenessTests
{
    [TestMethod]
    public void Every_suite_has_a_leaf_for_every_provider()
    {
        var forgotten = SuiteCheck.Forgotten(typeof(CompletenessTests).Assembly);

        Assert.IsEmpty(forgotten, string.Join(Environment.NewLine, forgotten));
    }

    [TestMethod]
    public void Every_case_of_every_suite_names_its_rule()
    {
        var unnamed = from suite in SuiteCheck.Suites
                      from method in suite.GetMethods()
                      where method.IsDefined(typeof(TestMethodAttribute), inherit: false) && !method.IsDefined(typeof(RuleAttribute), inherit: false)
                      select $"{suite.Name}.{method.Name}";

        Assert.IsEmpty(unnamed);
    }

    [TestMethod]
    public void No_leaf_adds_or_hides_anything()
    {
        var leaves = typeof(CompletenessTests).Assembly.GetExportedTypes().Where(type => type.BaseType is { IsGenericType: true } suite
            && SuiteCheck.Suites.Contains(suite.GetGenericTypeDefinition()));

        foreach (var leaf in leaves)
        {
            Assert.IsTrue(leaf.IsSealed, $"{leaf.Name} is sealed.");
            Assert.IsEmpty(leaf.GetMethods().Where(method => method.DeclaringType == leaf), $"{leaf.Name} has no member of its own.");
        }
    }
}
