using System.Globalization;
using DashStream.Providers;

namespace DashStream.Conformance.Redis;

/// <summary>The master is found by the name that sentinels watch it under.</summary>
[TestClass]
public sealed class SentinelTests
{
    [TestMethod]
    public async Task The_master_is_found_by_its_name()
    {
        await using var node = await RedisNode.StartAsync();
        var folder = Directory.CreateTempSubdirectory("dashstream-sentinel-").FullName;
        var port = FreePorts.Next();
        var settings = Path.Combine(folder, "sentinel.conf");
        await File.WriteAllLinesAsync(settings,
            [string.Create(CultureInfo.InvariantCulture, $"port {port}"), "bind 127.0.0.1", $"dir {folder}", $"sentinel monitor ours 127.0.0.1 {node.PlainPort} 1"]);
        var sentinel = new ServerProcess("the sentinel", Path.Combine(folder, "sentinel.log"));
        await sentinel.LaunchAsync((await RedisProgram.RequireAsync()).Path, [settings, "--sentinel"]);
        try
        {
            await using var provider = Open(port, "ours");
            await using var unknown = Open(port, "theirs");

            await Eventually.TrueAsync(async () => (await provider.CheckHealthAsync()).Ready, "the sentinel to name the master");
            await using var producer = await provider.OpenProducerAsync("events");
            await producer.SendAsync(ProviderUnderTest.Record(1));
            var error = await Assert.ThrowsAsync<StreamException>(() => unknown.OpenProducerAsync("events").AsTask());

            Assert.AreEqual(1L, await node.CallAsync("XLEN", ProviderUnderTest.Stream("events")));
            Assert.AreEqual(StreamErrorKind.NotFound, error.Kind, error.ToString());
        }
        finally
        {
            await sentinel.KillAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static RedisProvider Open(int port, string master)
    {
        var options = new RedisProviderOptions { DefaultPartitions = 1 };
        options.Connection.Endpoints = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        options.Connection.SentinelMaster = master;
        return new RedisProvider(options);
    }
}
