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
    public void Ids_of_rules_that_only_our_contract_states_are_given_once()
    {
        var twice = SuiteCheck.Rules.Where(rule => rule.Id.StartsWith("DS-", StringComparison.Ordinal)).GroupBy(rule => rule.Id)
            .Where(rules => rules.Select(rule => rule.Text).Distinct().Count() > 1).Select(rules => rules.Key);

        Assert.IsEmpty(twice);
    }

    [TestMethod]
    public void The_readme_lists_every_rule_and_its_test()
    {
        const string begin = "<!-- rules -->";
        const string end = "<!-- /rules -->";
        var readme = File.ReadAllText(Readme()).ReplaceLineEndings("\n");
        var lines = SuiteCheck.Rules.Select(rule => $"| {rule.Id} | {rule.Text} | {rule.Test.Replace("Conformance.", ".", StringComparison.Ordinal)} |");
        var expected = $"\n\n| id | rule | test |\n| --- | --- | --- |\n{string.Join('\n', lines)}\n\n";

        var listed = readme[(readme.IndexOf(begin, StringComparison.Ordinal) + begin.Length)..readme.IndexOf(end, StringComparison.Ordinal)];
        if (listed != expected)
        {
            var proposal = Path.Combine(AppContext.BaseDirectory, "rules.md");
            File.WriteAllText(proposal, expected);
            Assert.Fail($"The table of rules in {Readme()} is not that of the code. The right one is in {proposal}.");
        }
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

    private static string Readme()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DashStream.Providers.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder!.FullName, "tests", "Conformance", "Suite", "README.md");
    }
}
