using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DashStream.Tests.Health;

[TestClass]
public sealed class HostStopTests
{
    // For a machine that is busy with other tests.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(400);

    private readonly TimeSpan _limit = TimeSpan.FromSeconds(1);
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
    public async Task A_stop_keeps_within_the_hosts_limit_whether_or_not_the_handler_obeys(bool obeys)
    {
        var started = new TaskCompletionSource();
        var let = new TaskCompletionSource();
        await using (var host = await HealthHost.StartAsync(_provider, async (_, token) =>
        {
            started.TrySetResult();
            await let.Task.WaitAsync(obeys ? token : CancellationToken.None);
        }, hosting: options => options.ShutdownTimeout = _limit, consumer: options => options.StopTimeout = TimeSpan.FromMinutes(1), logger: _log))
        {
            await host.SendAsync();
            await started.Task.WaitAsync(TimeSpan.FromSeconds(10));

            Assert.IsLessThan((_limit + Slack).TotalSeconds, (await StopAsync(host)).TotalSeconds);
        }

        let.SetResult();
        StringAssert.Contains(_log.Stopped(), $"Warning events: the handler of group group stopped: 0 records finished, 1 left, complete {obeys}");
    }

    [TestMethod]
    public async Task What_a_stop_finishes_is_committed_even_when_another_handler_never_ends()
    {
        var started = new CountdownEvent(2);
        var let = new TaskCompletionSource();
        var never = new TaskCompletionSource();
        await using (var host = await HealthHost.StartAsync(_provider, async (message, _) =>
        {
            started.Signal();
            await (message.Header!.ThreadId == "stuck" ? never : let).Task;
        }, hosting: options => options.ShutdownTimeout = _limit,
            consumer: options => (options.StopTimeout, options.CommitInterval) = (TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(20)), logger: _log))
        {
            await host.SendAsync("ends");
            await host.SendAsync("stuck");
            Assert.IsTrue(started.Wait(TimeSpan.FromSeconds(10), CancellationToken.None));

            var stop = StopAsync(host);
            let.SetResult();
            await stop;

            var group = await _provider.Admin.DescribeGroupAsync("events", "group");
            Assert.AreEqual(1, group!.Partitions.Count(partition => partition.Committed is not null), "Committed during the stop, not after it.");
        }

        never.SetResult();
    }

    [TestMethod]
    public async Task Handlers_of_one_host_share_the_time_of_its_stop()
    {
        var work = TimeSpan.FromSeconds(1);
        var started = new CountdownEvent(3);
        await using var host = await HealthHost.StartAsync(
            _provider,
            async (_, _) =>
            {
                started.Signal();
                await Task.Delay(work, CancellationToken.None);
            },
            stream => stream.AddHandler<HealthHost.Handler>("events", "second").AddHandler<HealthHost.Handler>("events", "third"),
            hosting: options => options.ShutdownTimeout = TimeSpan.FromSeconds(20));
        await host.SendAsync();
        Assert.IsTrue(started.Wait(TimeSpan.FromSeconds(10), CancellationToken.None));

        Assert.IsLessThan(2 * work.TotalSeconds, (await StopAsync(host)).TotalSeconds);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task What_is_disposed_after_the_hosts_limit_takes_no_time_of_its_own(bool providerHangs)
    {
        var started = new CountdownEvent(3);
        var never = new TaskCompletionSource();
        await using var hanging = new HangingStops(_provider);
        var host = await HealthHost.StartAsync(
            _provider,
            async (_, _) =>
            {
                started.Signal();
                await never.Task;
            },
            stream =>
            {
                stream.UseProvider(_ => hanging).AddHandler<HealthHost.Handler>("events", "second").AddHandler<HealthHost.Handler>("events", "third").AddRuns("runs");
                stream.Services.Configure<DashStreamOptions>(options => options.Consumer.StopTimeout = options.Producer.StopTimeout = TimeSpan.FromMinutes(1));
            },
            consumer: options => options.StopTimeout = TimeSpan.FromMinutes(1),
            hosting: options => options.ShutdownTimeout = _limit);
        await host.SendAsync();
        Assert.IsTrue(started.Wait(TimeSpan.FromSeconds(10), CancellationToken.None));
        host.Services.GetRequiredService<DashStreamRuns>().Start("run");
        hanging.Hangs = providerHangs;

        var stop = await StopAsync(host);
        var disposal = await TakeAsync(host.DisposeStoppedAsync);

        hanging.Release();
        never.SetResult();
        Assert.IsLessThan((_limit + Slack).TotalSeconds, stop.TotalSeconds);
        Assert.IsLessThan((ShutdownLimit.LastMoment + Slack).TotalSeconds, disposal.TotalSeconds, "Three handlers and a producer share it.");
    }

    [TestMethod]
    public async Task What_has_stopped_within_the_limit_is_disposed_at_once()
    {
        var host = await HealthHost.StartAsync(_provider);
        await host.SendAsync();
        await host.StopAsync();

        Assert.IsLessThan(Slack.TotalSeconds, (await TakeAsync(host.DisposeStoppedAsync)).TotalSeconds);
    }

    private static async Task<TimeSpan> StopAsync(HealthHost host)
    {
        return await TakeAsync(async () =>
        {
            try
            {
                await host.StopAsync();
            }
            catch (OperationCanceledException)
            {
                // The host's way to say that its limit was reached.
            }
        });
    }

    private static async Task<TimeSpan> TakeAsync(Func<Task> work)
    {
        var clock = TimeProvider.System.GetTimestamp();
        await work();
        return TimeProvider.System.GetElapsedTime(clock);
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
