using System.Reflection;
using System.Runtime.CompilerServices;

namespace DashStream.Conformance;

/// <summary>A test method that fails after a while instead of keeping all others waiting: a call of a provider that never ends is a fault like any other.</summary>
/// <param name="file">Filled in by the compiler.</param>
/// <param name="line">Filled in by the compiler.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CaseAttribute([CallerFilePath] string file = "", [CallerLineNumber] int line = -1) : TestMethodAttribute(file, line)
{
    /// <summary>How long it may take, in minutes, times <c>DASHSTREAM_STRESS</c>. Default 10.</summary>
    public double Minutes { get; set; } = 10;

    /// <inheritdoc/>
    public override async Task<TestResult[]> ExecuteAsync(ITestMethod testMethod)
    {
        var limit = TimeSpan.FromMinutes(Minutes * Load.Stress);

        // On another thread, since a provider may block in its call.
        var run = Task.Run(() => base.ExecuteAsync(testMethod));
        if (await Task.WhenAny(run, Task.Delay(limit)) == run)
        {
            return await run;
        }

        var error = new AssertFailedException($"The case did not end within {limit.TotalMinutes:0.##} min: a call of the provider never returns.");
        Report(testMethod, error);
        return [new TestResult { Outcome = UnitTestOutcome.Failed, TestFailureException = error }];
    }

    // The case itself gets no further than to the call that hangs.
    private static void Report(ITestMethod testMethod, Exception error)
    {
        for (var type = testMethod.MethodInfo.ReflectedType; type is not null; type = type.BaseType)
        {
            if (type.BaseType is { IsGenericType: true } based && based.GetGenericTypeDefinition() == typeof(ConformanceSuite<>))
            {
                var rules = testMethod.MethodInfo.GetCustomAttributes<RuleAttribute>();
                ConformanceReport.Of(based.GenericTypeArguments[0].Name).Add(null, type, testMethod.TestMethodName, rules, UnitTestOutcome.Failed, error);
            }
        }
    }
}
