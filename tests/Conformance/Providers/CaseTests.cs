using System.Reflection;
using DashStream.Providers;

namespace DashStream.Conformance.Providers;

/// <summary>A case ends, whatever the provider does.</summary>
[TestClass]
public sealed class CaseTests
{
    [TestMethod]
    public async Task A_case_that_hangs_fails_by_itself()
    {
        var results = await new CaseAttribute { Minutes = 0.001 }.ExecuteAsync(new Method(async () =>
        {
            await Task.Delay(Timeout.Infinite);
            return new TestResult();
        }));

        Assert.AreEqual(UnitTestOutcome.Failed, results.Single().Outcome);
        Assert.Contains("did not end", results.Single().TestFailureException!.Message);
    }

    [TestMethod]
    public async Task A_case_that_ends_has_the_result_that_it_has()
    {
        var results = await new CaseAttribute().ExecuteAsync(new Method(() => Task.FromResult(new TestResult { Outcome = UnitTestOutcome.Inconclusive })));

        Assert.AreEqual(UnitTestOutcome.Inconclusive, results.Single().Outcome);
    }

    [TestMethod]
    public async Task A_provider_whose_disposal_hangs_fails_its_case()
    {
        var suite = new Suite();
        await suite.SetUpAsync();

        try
        {
            var error = await Assert.ThrowsAsync<AssertFailedException>(suite.TearDownAsync);
            Assert.Contains(nameof(HangingProvider), error.Message);
        }
        finally
        {
            HangingProvider.LetGo.Set();
        }
    }

    public sealed class HangingProvider : IStreamProvider
    {
        // What hangs holds a thread of the process that runs all other cases: until its own is over, and no longer.
        internal static readonly ManualResetEventSlim LetGo = new();

        private readonly MemoryProvider _inner = new();

        public string Name => _inner.Name;

        public ProviderCapabilities Capabilities => _inner.Capabilities;

        public IStreamAdmin Admin => _inner.Admin;

        public ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) => _inner.OpenProducerAsync(topic, cancellationToken);

        public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
            _inner.OpenConsumerAsync(topic, options, cancellationToken);

        public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => _inner.CheckHealthAsync(cancellationToken);

        // Not even asynchronously.
        public ValueTask DisposeAsync()
        {
            LetGo.Wait();
            return _inner.DisposeAsync();
        }
    }

    // Not public: it is no provider that suites are owed.
    private sealed class Fixture : ConformanceFixture
    {
        public Fixture()
        {
        }

        public override TimeSpan DisposalLimit => TimeSpan.FromMilliseconds(50);

        public override ValueTask<IStreamProvider> OpenProviderAsync(ProviderSetup setup) => new(new HangingProvider());
    }

    private sealed class Suite : ConformanceSuite<Fixture>;

    private sealed class Method(Func<Task<TestResult>> run) : ITestMethod
    {
        public string TestMethodName => "Case";

        public string TestClassName => "Cases";

        public Type ReturnType => typeof(Task);

        public object?[]? Arguments => null;

        public ParameterInfo[] ParameterTypes => [];

        public MethodInfo MethodInfo => (MethodInfo)MethodBase.GetCurrentMethod()!;

        public Task<TestResult> InvokeAsync(object?[]? arguments) => run();

        public Attribute[]? GetAllAttributes() => [];

        public TAttribute[] GetAttributes<TAttribute>()
            where TAttribute : Attribute => [];
    }
}
