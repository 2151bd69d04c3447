using System.Reflection;

namespace DashStream.Conformance;

/// <summary>
/// Finds suites that a test assembly forgot. A test project asserts that <see cref="Forgotten"/> is empty, so that a suite added by an upgrade of this package
/// is noticed and not silently left out.
/// </summary>
public static class SuiteCheck
{
    /// <summary>Every suite of this package, as open generic types, by name.</summary>
    public static IReadOnlyList<Type> Suites { get; } =
    [
        .. typeof(SuiteCheck).Assembly.GetExportedTypes()
            .Where(type => type is { IsAbstract: true, IsGenericTypeDefinition: true } && type.BaseType is { IsGenericType: true } parent
                && parent.GetGenericTypeDefinition() == typeof(ConformanceSuite<>))
            .OrderBy(type => type.Name, StringComparer.Ordinal),
    ];

    /// <summary>Every rule with the case that holds a provider to it, in the order of their ids.</summary>
    public static IReadOnlyList<(string Id, string Text, string Test)> Rules { get; } =
    [
        .. (from suite in Suites
            from method in suite.GetMethods()
            from rule in method.GetCustomAttributes<RuleAttribute>()
            select (rule.Id, rule.Text, Test: $"{NameOf(suite)}.{method.Name}"))
            .OrderBy(rule => (rule.Id, rule.Test), RuleOrder.Instance),
    ];

    /// <summary>The public fixtures of a test assembly: the providers it tests.</summary>
    public static IReadOnlyList<Type> FixturesOf(Assembly tests)
    {
        ArgumentNullException.ThrowIfNull(tests);
        return [.. tests.GetExportedTypes().Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(ConformanceFixture))).OrderBy(type => type.Name, StringComparer.Ordinal)];
    }

    /// <summary>
    /// One sentence for each suite that has no <c>[TestClass]</c> leaf for one of the assembly's public fixtures and no <see cref="NotApplicableAttribute"/>
    /// with a reason. Empty when nothing was forgotten.
    /// </summary>
    public static IReadOnlyList<string> Forgotten(Assembly tests)
    {
        ArgumentNullException.ThrowIfNull(tests);
        var leaves = tests.GetExportedTypes()
            .Where(type => !type.IsAbstract && type.IsDefined(typeof(TestClassAttribute)))
            .Select(type => type.BaseType)
            .ToHashSet();
        var excused = tests.GetCustomAttributes<NotApplicableAttribute>()
            .Where(entry => !string.IsNullOrWhiteSpace(entry.Reason))
            .Select(entry => (entry.Suite, entry.Fixture))
            .ToHashSet();
        return
        [
            .. from suite in Suites
               from fixture in FixturesOf(tests)
               where !leaves.Contains(suite.MakeGenericType(fixture)) && !excused.Contains((suite, fixture))
               select $"{NameOf(suite)} has no test class for {fixture.Name}. Add: [TestClass] public sealed class {LeafOf(suite, fixture)} : {NameOf(suite)}<{fixture.Name}>;",
        ];
    }

    internal static string NameOf(Type suite) => suite.Name.Split('`')[0];

    // MyContent for MyFixture and ContentConformance.
    private static string LeafOf(Type suite, Type fixture) =>
        fixture.Name.Replace("Fixture", "", StringComparison.Ordinal) + NameOf(suite).Replace("Conformance", "", StringComparison.Ordinal);
}
