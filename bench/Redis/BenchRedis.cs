using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using DashStream.Providers;
using StackExchange.Redis;

namespace DashStream.Bench.Redis;

/// <summary>The server of one case: the one that DASHSTREAM_REDIS names, or a redis-server of its own that ends with the case, with its log on.</summary>
internal sealed partial class BenchRedis : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Process? _process;
    private readonly string? _folder;

    private BenchRedis(string endpoint, Process? process, string? folder) => (Endpoint, _process, _folder) = (endpoint, process, folder);

    public string Endpoint { get; }

    /// <exception cref="BenchSkippedException">There is no server and no way to start one.</exception>
    public static async Task<BenchRedis> StartAsync(CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable("DASHSTREAM_REDIS") is { Length: > 0 } named)
        {
            return new BenchRedis(named, process: null, folder: null);
        }

        var folder = Directory.CreateTempSubdirectory("dashstream-bench-redis-").FullName;
        var port = FreePort().ToString(CultureInfo.InvariantCulture);
        try
        {
            // The server rewrites its log now and then in a process of its own, which would be at work in the rounds of one side.
            string[] arguments = ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0"];
            var process = Process.Start(new ProcessStartInfo("redis-server", arguments)
            {
                RedirectStandardOutput = true,
            })!;
            process.OutputDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            var redis = new BenchRedis($"127.0.0.1:{port}", process, folder);
            await redis.ConnectAsync(cancellationToken);
            return redis;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Directory.Delete(folder);
            throw new BenchSkippedException("This needs a Redis: name one in DASHSTREAM_REDIS, or install redis-server.");
        }
    }

    public RedisProvider Provider()
    {
        var options = new RedisProviderOptions();
        options.Connection.Endpoints = Endpoint;
        return new RedisProvider(options);
    }

    /// <summary>The plain client, one connection.</summary>
    public async Task<ConnectionMultiplexer> ConnectAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await ConnectionMultiplexer.ConnectAsync(Endpoint);
            }
            catch (RedisConnectionException) when (Stopwatch.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
            }
        }
    }

    /// <summary>The server's own measuring program, which depends on no .NET client: XADD of such values, 64 at a time over one connection.</summary>
    public BenchSide Tool(int valueBytes) => new(
        "redis-benchmark -P 64 -c 1, XADD",
        async (operations, cancellationToken) => TimeSpan.FromSeconds(operations / await ToolRateAsync(
            operations, ["XADD", "bench-tool", "MAXLEN", "~", "100000", "*", "v", new string('x', valueBytes)], cancellationToken)))
    { IsHere = false };

    /// <summary>How many such commands the server's own measuring program does in a second, 64 at a time over one connection.</summary>
    public async Task<double> ToolRateAsync(int commands, IEnumerable<string> command, CancellationToken cancellationToken)
    {
        var (host, port) = Endpoint.Split(':') is [var name, var number] ? (name, number) : ("127.0.0.1", Endpoint);
        using var process = Process.Start(new ProcessStartInfo(
            "redis-benchmark", ["-h", host, "-p", port, "-c", "1", "-P", "64", "-n", commands.ToString(CultureInfo.InvariantCulture), "-q", .. command])
        {
            RedirectStandardOutput = true,
        })!;
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        return double.Parse(Rates().Matches(output)[^1].Groups[1].Value, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
            Directory.Delete(_folder!, recursive: true);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"([\d.]+) requests per second")]
    private static partial Regex Rates();
}
