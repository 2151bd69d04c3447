using DashStream.Tests.Client;
using DashStream.Tests.DeadLetters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DashStream.Tests.Health;

[TestClass]
public sealed class HealthCheckTests
{
    private readonly TunableProvider _provider = new();

    [TestMethod]
    public async Task A_backend_that_is_gone_is_not_ready_but_alive_and_ready_again_when_it_is_back()
    {
        await using var host = await HealthHost.StartAsync(_provider);
        await host.UntilAsync("ready", HealthStatus.Healthy);

        _provider.Health = _ => new(new StreamHealth(true, false, "nobody answers", []));
        var gone = await host.CheckAsync("ready");
        var alive = await host.CheckAsync("live");
        _provider.Health = _ => new(new StreamHealth(true, true, "fine", []));

        Assert.AreEqual((HealthStatus.Unhealthy, "nobody answers", false), (gone.Status, gone.Description, gone.Data["provider.ready"]));
        Assert.AreEqual(HealthStatus.Healthy, alive.Status);
        Assert.AreEqual(HealthStatus.Healthy, (await host.CheckAsync("ready")).Status);
    }

    [TestMethod]
    public async Task A_backend_that_does_not_answer_in_time_is_not_ready_and_the_process_still_alive()
    {
        await using var host = await HealthHost.StartAsync(
            _provider, configure: stream => stream.AddHealthChecks(options => options.ReadyTimeout = TimeSpan.FromMilliseconds(50)));

        _provider.Health = _ => new(new TaskCompletionSource<StreamHealth>().Task);

        StringAssert.Contains((await host.CheckAsync("ready")).Description, "did not answer");
        Assert.AreEqual(HealthStatus.Healthy, (await host.CheckAsync("live")).Status);
    }

    [TestMethod]
    public async Task A_fatal_error_that_the_provider_latched_is_not_alive()
    {
        await using var host = await HealthHost.StartAsync(_provider);

        _provider.Health = _ => new(new StreamHealth(false, false, "fenced for good", []));

        StringAssert.Contains((await host.CheckAsync("live")).Description, "fenced for good");
        Assert.AreEqual(HealthStatus.Unhealthy, (await host.CheckAsync("live")).Status);
    }

    [TestMethod]
    public async Task A_provider_that_throws_is_told_by_the_kind_of_its_error()
    {
        await using var host = await HealthHost.StartAsync(_provider);

        _provider.Health = _ => throw new StreamException(StreamErrorKind.Unauthorized, "secret");

        await host.UntilAsync("ready", HealthStatus.Unhealthy, "Unauthorized");
    }

    [TestMethod]
    public async Task Warnings_of_the_provider_degrade()
    {
        await using var host = await HealthHost.StartAsync(_provider);

        _provider.Health = _ => new(new StreamHealth(true, true, "fine", ["a torn tail was cut"]));

        await host.UntilAsync("ready", HealthStatus.Degraded, "torn tail");
    }

    [TestMethod]
    public async Task A_handler_that_is_stuck_is_no_progress_until_it_goes_on()
    {
        var stuck = new TaskCompletionSource();
        await using var host = await HealthHost.StartAsync(_provider, (_, _) => new(stuck.Task));

        await host.SendAsync();
        var entry = await host.UntilAsync("ready", HealthStatus.Unhealthy, "no progress");
        stuck.SetResult();

        Assert.AreEqual(1L, entry.Data["events/group.in_flight"]);
        Assert.AreEqual(HealthStatus.Healthy, (await host.CheckAsync("live")).Status);
        await host.UntilAsync("ready", HealthStatus.Healthy);
    }

    [TestMethod]
    public async Task A_stream_with_nothing_to_do_makes_progress()
    {
        await using var host = await HealthHost.StartAsync(_provider);
        await host.SendAsync();
        await host.UntilAsync("ready", HealthStatus.Healthy);

        await Task.Delay(300, CancellationToken.None);

        Assert.AreEqual(HealthStatus.Healthy, (await host.UntilAsync("ready", HealthStatus.Healthy)).Status);
    }

    [TestMethod]
    public async Task A_handler_that_ended_with_an_error_is_not_alive()
    {
        await using var host = await HealthHost.StartAsync(
            _provider, (_, _) => throw new InvalidOperationException("secret"), consumer: options => options.Retry = new() { MaxAttempts = 1 });

        await host.SendAsync();

        await host.UntilAsync("live", HealthStatus.Unhealthy, "events/group ended with InvalidOperationException");
        await host.UntilAsync("ready", HealthStatus.Unhealthy, "ended with an error");
    }

    [TestMethod]
    public async Task A_backend_that_cannot_be_opened_is_waited_for_and_told()
    {
        _provider.OpenError = new StreamException(StreamErrorKind.Transient, "secret");
        await using var host = await HealthHost.StartAsync(_provider);

        await host.UntilAsync("ready", HealthStatus.Unhealthy, "not reading yet (StreamException of kind Transient)");
        Assert.AreEqual(HealthStatus.Healthy, (await host.CheckAsync("live")).Status);
        _provider.OpenError = null;

        await host.UntilAsync("ready", HealthStatus.Healthy);
    }

    [TestMethod]
    public async Task Messages_that_wait_for_their_next_attempt_degrade()
    {
        await using var host = await HealthHost.StartAsync(
            _provider, (_, _) => throw new InvalidOperationException("secret"),
            stream => stream.AddHealthChecks(options => options.NoProgressAfter = TimeSpan.FromHours(1)),
            options => options.Retry = new() { BaseDelay = TimeSpan.FromMinutes(10), MaxDelay = TimeSpan.FromMinutes(10) });

        await host.SendAsync();

        Assert.AreEqual(1, (await host.UntilAsync("ready", HealthStatus.Degraded, "wait to be tried again")).Data["events/group.waiting_for_retry"]);
    }

    [TestMethod]
    public async Task Paused_partitions_degrade_and_say_who_paused_them()
    {
        await using var host = await HealthHost.StartAsync(_provider);
        await host.SendAsync();
        await ScriptedConsumer.UntilAsync(() => host.Consumer is { Assignment.Count: > 0, Status.Finished: 1 });

        host.Consumer!.Pause(host.Consumer.Assignment);
        await host.UntilAsync("ready", HealthStatus.Degraded, "paused by the application");
        host.Consumer.Resume(host.Consumer.Assignment);

        await host.UntilAsync("ready", HealthStatus.Healthy);
    }

    [TestMethod]
    public async Task Halted_threads_degrade_until_they_go_on()
    {
        await using var host = await HealthHost.StartAsync(
            _provider, configure: stream => stream.AddHealthChecks(options => options.NoProgressAfter = TimeSpan.FromHours(1)),
            consumer: options => options.GapPolicy = GapPolicy.HaltThread);
        await host.SendAsync(sequence: 1);
        await host.SendAsync(sequence: 5);

        await host.UntilAsync("ready", HealthStatus.Degraded, "1 threads are halted");
        host.Consumer!.ResumeThread("default", "t");

        await host.UntilAsync("ready", HealthStatus.Healthy);
    }

    [TestMethod]
    public async Task Dead_letters_that_cannot_be_stored_are_unhealthy()
    {
        await using var letters = new FailingProvider { BeforeSend = (_, _) => Task.FromException(FailingProvider.Error(StreamErrorKind.Unauthorized)) };
        await using var host = await HealthHost.StartAsync(
            _provider, (_, _) => throw new InvalidOperationException("secret"), stream => stream.UseDeadLetters(provider: _ => letters),
            options => options.Retry = new() { MaxAttempts = 1, BaseDelay = TimeSpan.FromMilliseconds(10) });

        await host.SendAsync();

        await host.UntilAsync("ready", HealthStatus.Unhealthy, "1 dead letters cannot be stored (StreamException of kind Unauthorized)");
    }

    [TestMethod]
    public async Task A_spool_that_is_not_empty_degrades_until_it_is_drained()
    {
        var away = true;
        var folder = Directory.CreateTempSubdirectory("dashstream-health-");
        await using var letters = new FailingProvider
        {
            BeforeSend = (_, _) => away ? Task.FromException(FailingProvider.Error(StreamErrorKind.Unauthorized)) : Task.CompletedTask,
        };
        await using (var host = await HealthHost.StartAsync(
            _provider, (_, _) => throw new InvalidOperationException("secret"),
            stream => stream.UseDeadLetters(options => (options.Spool.Folder, options.Spool.RetryInterval) = (folder.FullName, TimeSpan.FromMilliseconds(100)), provider: _ => letters),
            options => options.Retry = new() { MaxAttempts = 1 }))
        {
            await host.SendAsync();
            var entry = await host.UntilAsync("ready", HealthStatus.Degraded, "wait in the spool");
            away = false;

            Assert.AreEqual(1, entry.Data["spool.letters"]);
            await host.UntilAsync("ready", HealthStatus.Healthy);
        }

        folder.Delete(recursive: true);
    }

    [TestMethod]
    public async Task Streams_have_checks_of_their_own_and_once()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddDashStream("a").UseMemory().AddHealthChecks().AddHealthChecks();
        services.AddDashStream().UseMemory().AddHealthChecks();
        await using var built = services.BuildServiceProvider();

        var report = await built.GetRequiredService<HealthCheckService>().CheckHealthAsync();

        CollectionAssert.AreEquivalent(new[] { "dashstream-a-live", "dashstream-a-ready", "dashstream-live", "dashstream-ready" }, report.Entries.Keys.ToArray());
        Assert.AreEqual(HealthStatus.Healthy, report.Status);
    }

    [TestMethod]
    public void Settings_out_of_range_are_named()
    {
        var options = new DashStreamHealthOptions { LiveTimeout = TimeSpan.Zero, ReadyTimeout = TimeSpan.FromHours(1), NoProgressAfter = TimeSpan.Zero };

        Assert.HasCount(3, options.Faults().ToList());
    }
}
