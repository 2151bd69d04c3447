using System.Globalization;

namespace DashStream.Conformance.Redis;

/// <summary>Three real servers that share the 16,384 slots between them, and gone when disposed.</summary>
internal sealed class RedisCluster : IAsyncDisposable
{
    private const int Size = 3;
    private const int Slots = 16_384;

    private readonly List<RedisNode> _nodes = [];

    private RedisCluster()
    {
    }

    public IReadOnlyList<RedisNode> Nodes => _nodes;

    /// <summary>host:port of each node, parted by commas.</summary>
    public string Endpoints => string.Join(',', _nodes.Select(static node => node.Endpoint));

    /// <summary>Starts a cluster and returns when every node knows every slot. Without a program for it the test is skipped.</summary>
    public static async Task<RedisCluster> StartAsync(RedisNodeOptions? options = null)
    {
        var cluster = new RedisCluster();
        try
        {
            await cluster.JoinAsync((options ?? new RedisNodeOptions()) with { IsClustered = true });
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The node that holds a key now.</summary>
    public async Task<RedisNode> HolderAsync(string key)
    {
        var slot = (long)(await _nodes.First(static node => node.IsRunning).CallAsync("CLUSTER", "KEYSLOT", key))!;
        return _nodes[(int)(slot * Size / Slots)];
    }

    /// <summary>Returns when every node that runs says that the cluster works.</summary>
    public async Task AssertWorksAsync()
    {
        foreach (var node in _nodes)
        {
            await Eventually.TrueAsync(() => KnowsAllAsync(node), $"the node at port {node.PlainPort} to know the whole cluster");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private async Task JoinAsync(RedisNodeOptions options)
    {
        for (var index = 0; index < Size; index++)
        {
            var node = await RedisNode.StartAsync(options);
            _nodes.Add(node);
            await node.CallAsync("CLUSTER", "SET-CONFIG-EPOCH", Text(index + 1));
            await node.CallAsync("CLUSTER", "ADDSLOTSRANGE", Text(FirstSlot(index)), Text(FirstSlot(index + 1) - 1));
            if (index > 0)
            {
                await node.CallAsync("CLUSTER", "MEET", "127.0.0.1", Text(_nodes[0].PlainPort), Text(_nodes[0].BusPort));
            }
        }

        await AssertWorksAsync();
    }

    // The inverse of slot * Size / Slots in HolderAsync.
    private static int FirstSlot(int index) => ((index * Slots) + Size - 1) / Size;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<bool> KnowsAllAsync(RedisNode node)
    {
        var info = (string)(await node.CallAsync("CLUSTER", "INFO"))!;
        return info.Contains("cluster_state:ok", StringComparison.Ordinal)
            && info.Contains($"cluster_slots_ok:{Slots}", StringComparison.Ordinal)
            && info.Contains($"cluster_known_nodes:{Size}", StringComparison.Ordinal);
    }
}
