using System.Globalization;
using System.Net.Sockets;

namespace DashStream.Conformance.Redis;

/// <summary>One Redis that tests share, wherever it comes from.</summary>
/// <param name="Endpoint">host:port, in the clear and without login.</param>
/// <param name="Origin">What was used, for people: printed once, and named in skips.</param>
/// <param name="End">Ends it; does nothing to a server that was there before.</param>
internal sealed record RedisServer(string Endpoint, string Origin, Func<ValueTask> End) : IAsyncDisposable
{
    /// <summary>Names a server that is there and is kept: host:port.</summary>
    public const string EndpointVariable = "DASHSTREAM_REDIS";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The first there is: the endpoint in the environment, a program of this machine, a container. An endpoint that is named and does not answer is not passed
    /// over: the tests that use it fail. Where there is none the test is skipped.
    /// </summary>
    public static async Task<RedisServer> FindAsync(CancellationToken cancellationToken = default)
    {
        if (Environment.GetEnvironmentVariable(EndpointVariable) is { Length: > 0 } endpoint)
        {
            var kept = new RedisServer(endpoint, $"the server at {endpoint} ({EndpointVariable})", static () => ValueTask.CompletedTask);
            await kept.RequireAnswerAsync();
            return kept;
        }

        var (program, missing) = await RedisProgram.FindAsync();
        if (program is not null)
        {
            var node = await RedisNode.StartAsync(new RedisNodeOptions { Fsync = "everysec" }, cancellationToken);
            return new RedisServer(node.Endpoint, $"{program.Origin}, started from {program.Path}", node.DisposeAsync);
        }

        var (container, why) = await RedisContainer.StartAsync(cancellationToken);
        if (container is null)
        {
            Assert.Inconclusive($"{missing} {why}");
        }

        return container!;
    }

    /// <summary>A session of the tests' own.</summary>
    public Task<RedisSession> ConnectAsync()
    {
        var parts = Endpoint.Split(':');
        return RedisSession.ConnectAsync(int.Parse(parts[1], CultureInfo.InvariantCulture), host: parts[0]);
    }

    public ValueTask DisposeAsync() => End();

    private async Task RequireAnswerAsync()
    {
        try
        {
            await using var session = await ConnectAsync().WaitAsync(Patience);
            await session.CallAsync("PING").WaitAsync(Patience);
        }
        catch (Exception e) when (e is SocketException or IOException or TimeoutException or RedisAnswerException)
        {
            throw new InvalidOperationException($"{EndpointVariable} names {Endpoint}, which does not answer as a Redis without login does: {e.Message}", e);
        }
    }
}
