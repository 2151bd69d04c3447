using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace DashStream.Tests.Health;

[TestClass]
public sealed class HostStopTests
{
    private readonly TunableProvider _provider = new();
    private readonly KeptLog _log = new();

    [TestMethod]
    public async Task A_stop_says_what_was_finished_and_left()
    {
        var handled = new TaskCompletionSource();
        await using var host = await HealthHost.StartAsync(_provider, (_, _) =>
        {
            handled.TrySetResult();
            return ValueTask.CompletedTask;
        }, logger: _log);
        await host.SendAsync();
        await handled.Task.WaitAsync(TimeSpan.FromSeconds(10));

        await host.StopAsync();

        StringAssert.Contains(_log.Stopped(), "Information events: the handler of group group stopped: 1 records finished, 0 left, complete True");
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task The_hosts_limit_ends_a_stop_whether_or_not_the_handler_obeys(bool obeys)
    {
        var started = new TaskCompletionSource();
        var let = new TaskCompletionSource();
        await using var host = await HealthHost.StartAsync(_provider, async (_, token) =>
        {
            started.TrySetResult();
            await let.Task.WaitAsync(obeys ? token : CancellationToken.None);
        }, hosting: options => options.ShutdownTimeout = TimeSpan.FromSeconds(1), consumer: options => options.StopTimeout = TimeSpan.FromMinutes(1), logger: _log);
        await host.SendAsync();
        await started.Task.WaitAsync(TimeSpan.FromSeconds(10));

        var clock = TimeProvider.System.GetTimestamp();
        try
        {
            await host.StopAsync();
        }
        catch (OperationCanceledException)
        {
            // The host's way to say that its limit was passed.
        }

        let.SetResult();
        Assert.IsLessThan(8, TimeProvider.System.GetElapsedTime(clock).TotalSeconds);
        StringAssert.Contains(_log.Stopped(), $"Warning events: the handler of group group stopped: 0 records finished, 1 left, complete {obeys}");
    }

    private sealed class KeptLog : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public string Stopped() => _lines.Single(line => line.Contains("the handler of group", StringComparison.Ordinal));

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{logLevel} {formatter(state, exception)}");

        public void Dispose()
        {
        }
    }
}
