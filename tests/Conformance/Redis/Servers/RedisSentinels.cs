using System.Globalization;

namespace DashStream.Conformance.Redis;

/// <summary>Sentinels that watch one master under the name <see cref="Master"/>, and gone when disposed.</summary>
internal sealed class RedisSentinels : IAsyncDisposable
{
    public const string Master = "ours";

    private readonly string _folder = Directory.CreateTempSubdirectory("dashstream-sentinel-").FullName;
    private readonly List<ServerProcess> _processes = [];
    private readonly List<int> _ports = [];

    private RedisSentinels() => Reaper.Remove(_folder);

    /// <summary>host:port of each, parted by commas.</summary>
    public string Endpoints => string.Join(',', _ports.Select(static port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}")));

    /// <summary>Starts so many, of which most must agree that the master is gone; a master that is silent for a second is.</summary>
    public static async Task<RedisSentinels> StartAsync(RedisNode master, int count)
    {
        var sentinels = new RedisSentinels();
        var program = await RedisProgram.RequireAsync();
        for (var number = 0; number < count; number++)
        {
            var port = FreePorts.Next();
            var settings = Path.Combine(sentinels._folder, string.Create(CultureInfo.InvariantCulture, $"{port}.conf"));
            await File.WriteAllLinesAsync(settings,
            [
                string.Create(CultureInfo.InvariantCulture, $"port {port}"), "bind 127.0.0.1", $"dir {sentinels._folder}",
                string.Create(CultureInfo.InvariantCulture, $"sentinel monitor {Master} 127.0.0.1 {master.PlainPort} {(count / 2) + 1}"),
                $"sentinel down-after-milliseconds {Master} 1000", $"sentinel failover-timeout {Master} 5000",
            ]);
            var process = new ServerProcess($"the sentinel at port {port}", Path.Combine(sentinels._folder, string.Create(CultureInfo.InvariantCulture, $"{port}.log")));
            sentinels._processes.Add(process);
            sentinels._ports.Add(port);
            await process.LaunchAsync(program.Path, [settings, "--sentinel"]);
        }

        return sentinels;
    }

    /// <summary>Returns when every sentinel knows so many replicas and all other sentinels: before that none may replace the master.</summary>
    public async Task AssertKnowAsync(int replicas)
    {
        foreach (var port in _ports)
        {
            await Eventually.TrueAsync(
                async () => await CountAsync(port, "REPLICAS") == replicas && await CountAsync(port, "SENTINELS") == _ports.Count - 1,
                $"the sentinel at port {port} to know the others");
        }
    }

    /// <summary>Where the sentinels say that the master is.</summary>
    public async Task<int> MasterPortAsync()
    {
        await using var session = await RedisSession.ConnectAsync(_ports[0]);
        return int.Parse((string)(await session.ListAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", Master))[1]!, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.KillAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<int> CountAsync(int port, string what)
    {
        try
        {
            await using var session = await RedisSession.ConnectAsync(port);
            return (await session.ListAsync("SENTINEL", what, Master)).Count;
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or RedisAnswerException)
        {
            return -1;
        }
    }
}
