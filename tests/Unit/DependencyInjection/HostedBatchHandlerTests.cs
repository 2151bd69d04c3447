using DashStream.Protocol;
using DashStream.Providers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DashStream.Tests.DependencyInjection;

[TestClass]
public sealed class HostedBatchHandlerTests
{
    [TestMethod]
    public async Task A_handler_of_batches_is_hosted_with_settings_from_configuration()
    {
        var host = Host.CreateApplicationBuilder();
        host.Configuration.AddInMemoryCollection(Section(("Batch:MaxMessages", "2"), ("Retry:MaxAttempts", "5"), ("GapPolicy", "HaltThread"), ("DuplicateWindow", "9")));
        host.Services.AddDashStream().UseMemory().Bind(host.Configuration.GetSection("Stream")).AddBatchHandler<PairHandler>("events", "pairs");
        host.Services.UseInMemoryDashStream();
        using var built = host.Build();
        var bound = built.Services.GetRequiredService<IOptions<DashStreamOptions>>().Value.Consumer;
        await built.StartAsync();
        var probe = built.Services.GetRequiredService<DashStreamProbe>();
        var producer = await built.Services.GetRequiredService<DashStreamClient>().GetProducerAsync("events");

        for (var i = 0; i < 4; i++)
        {
            await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = "t" }, Text = $"{i}" });
        }

        await probe.WaitForAsync(4);
        await built.StopAsync();

        Assert.AreEqual((2, 5, GapPolicy.HaltThread, 9), (bound.Batch.MaxMessages, bound.Retry.MaxAttempts, bound.GapPolicy, bound.DuplicateWindow));
    }

    [TestMethod]
    [DataRow("Batch:MaxMessages", "0", "Batch: MaxMessages is 0")]
    [DataRow("Batch:MaxWait", "1.00:00:00", "Batch: MaxWait is 1.00:00:00")]
    [DataRow("Retry:MaxAttempts", "0", "Retry: MaxAttempts is 0")]
    [DataRow("DuplicateWindow", "-1", "DuplicateWindow is -1")]
    [DataRow("MaxTrackedThreads", "0", "MaxTrackedThreads is 0")]
    public async Task Settings_out_of_range_keep_the_host_from_starting(string key, string value, string fault)
    {
        var host = Host.CreateApplicationBuilder();
        host.Configuration.AddInMemoryCollection(Section((key, value)));
        host.Services.AddDashStream().UseMemory().Bind(host.Configuration.GetSection("Stream"));
        using var built = host.Build();

        var error = await Assert.ThrowsExactlyAsync<OptionsValidationException>(() => built.StartAsync());

        StringAssert.Contains(error.Message, fault);
    }

    private static Dictionary<string, string?> Section(params (string Key, string Value)[] settings) =>
        settings.ToDictionary(setting => $"Stream:Consumer:{setting.Key}", setting => (string?)setting.Value);

    internal sealed class PairHandler : IBatchMessageHandler
    {
        public ValueTask HandleAsync(IReadOnlyList<ReceivedMessage> messages, CancellationToken cancellationToken) =>
            messages.Count <= 2 ? ValueTask.CompletedTask : throw new InvalidOperationException($"{messages.Count} messages came at once.");
    }
}
