using DashStream.Protocol;
using DashStream.Providers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DashStream.Tests.DependencyInjection;

[TestClass]
public sealed class HostedHandlerTests
{
    [TestMethod]
    public async Task An_application_test_sends_waits_for_handled_and_looks_into_the_topic()
    {
        var host = Host.CreateApplicationBuilder();
        host.Services.AddDashStream().UseProvider(_ => throw new InvalidOperationException("production")).AddHandler<EchoHandler>("events", "echo");
        host.Services.UseInMemoryDashStream();
        using var built = host.Build();
        await built.StartAsync();
        var probe = built.Services.GetRequiredService<DashStreamProbe>();
        var producer = await built.Services.GetRequiredService<DashStreamClient>().GetProducerAsync("events");

        await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = "t" }, Text = "hello" });
        var handled = await probe.WaitForAsync(delivery => delivery.Message.Message.TokenChunk.Text == "hello");
        var echo = await probe.ReadTopicAsync("echoes");

        Assert.AreEqual("echo", handled.Group);
        Assert.AreEqual("hello!", echo.Single().TokenChunk.Text);
        await built.StopAsync();
    }

    [TestMethod]
    public async Task Handlers_are_found_by_their_attribute()
    {
        var host = Host.CreateApplicationBuilder();
        host.Services.AddDashStream("scanned").UseMemory().AddHandlersFrom(typeof(ScannedHandler).Assembly);
        host.Services.UseInMemoryDashStream();
        using var built = host.Build();
        await built.StartAsync();
        var probe = built.Services.GetRequiredService<DashStreamProbe>();
        var producer = await built.Services.GetRequiredKeyedService<DashStreamClient>("scanned").GetProducerAsync("scanned-events");

        await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = "t" }, Text = "hello" });

        Assert.AreEqual("scanned-group", (await probe.WaitForAsync()).Group);
        await built.StopAsync();
    }

    [TestMethod]
    public async Task A_failed_wait_says_what_was_delivered()
    {
        var host = Host.CreateApplicationBuilder();
        host.Services.AddDashStream().UseMemory().AddHandler<EchoHandler>("events", "echo");
        host.Services.UseInMemoryDashStream();
        using var built = host.Build();
        await built.StartAsync();
        var probe = built.Services.GetRequiredService<DashStreamProbe>();
        var producer = await built.Services.GetRequiredService<DashStreamClient>().GetProducerAsync("events");
        await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = "t" }, Text = "hello" });
        await probe.WaitForAsync();

        var error = await Assert.ThrowsAsync<TimeoutException>(() => probe.WaitForAsync(2, patience: TimeSpan.FromMilliseconds(50)));

        StringAssert.Contains(error.Message, "1 of 2 deliveries");
        StringAssert.Contains(error.Message, "1 handled (events, echo)");
        await built.StopAsync();
    }

    [TestMethod]
    public async Task An_observer_that_throws_changes_nothing_about_a_message_that_was_handled()
    {
        var host = Host.CreateApplicationBuilder();
        host.Services.AddDashStream().UseMemory().AddHandler<EchoHandler>("events", "echo");
        host.Services.UseInMemoryDashStream();
        host.Services.AddSingleton<IDeliveryObserver, ThrowingObserver>();
        using var built = host.Build();
        await built.StartAsync();
        var probe = built.Services.GetRequiredService<DashStreamProbe>();
        var producer = await built.Services.GetRequiredService<DashStreamClient>().GetProducerAsync("events");

        await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = "t" }, Text = "one" });
        await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = "t" }, Text = "two" });
        await probe.WaitForAsync(2);

        CollectionAssert.AreEqual(new[] { "one!", "two!" }, (await probe.ReadTopicAsync("echoes")).Select(message => message.TokenChunk.Text).ToArray());
        await built.StopAsync();
    }

    [TestMethod]
    public async Task Messages_handled_before_the_host_stopped_do_not_come_again()
    {
        var services = new MemoryProvider();
        for (var run = 0; run < 2; run++)
        {
            var host = Host.CreateApplicationBuilder();
            host.Services.AddDashStream().UseProvider(_ => new CountingProvider(services)).AddHandler<CollectingHandler>("events", "collect");
            host.Services.AddSingleton<Collected>();
            using var built = host.Build();
            await built.StartAsync();
            var producer = await built.Services.GetRequiredService<DashStreamClient>().GetProducerAsync("events");
            await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = "t" }, Text = $"run {run}" });
            var text = await built.Services.GetRequiredService<Collected>().First.Task.WaitAsync(TimeSpan.FromSeconds(10));
            await built.StopAsync();

            Assert.AreEqual($"run {run}", text);
        }
    }

    internal sealed class EchoHandler(DashStreamClient client) : IMessageHandler
    {
        public async ValueTask HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            var producer = await client.GetProducerAsync("echoes", cancellationToken);
            await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = "t" }, Text = message.Message.TokenChunk.Text + "!" }, cancellationToken);
        }
    }

    [MessageHandler("scanned-events", "scanned-group", Stream = "scanned")]
    internal sealed class ScannedHandler : IMessageHandler
    {
        public ValueTask HandleAsync(ReceivedMessage message, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }

    internal sealed class Collected
    {
        public TaskCompletionSource<string> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    internal sealed class CollectingHandler(Collected collected) : IMessageHandler
    {
        public ValueTask HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            collected.First.TrySetResult(message.Message.TokenChunk.Text);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class ThrowingObserver : IDeliveryObserver
    {
        public void Handled(string topic, string group, ReceivedMessage message) => throw new InvalidOperationException("of the observer");

        public void Failed(string topic, string group, ReceivedMessage message, Exception error) => throw new InvalidOperationException("of the observer");
    }
}
