using System.Net;
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
            await RequireAnswerAsync(endpoint, cancellationToken);
            return new RedisServer(endpoint, $"the server at {endpoint} ({EndpointVariable})", static () => ValueTask.CompletedTask);
        }

        var (program, missing) = await RedisProgram.FindAsync();
        if (program is not null)
        {
            var node = await RedisNode.StartAsync(cancellationToken: cancellationToken);
            return new RedisServer(node.Endpoint, $"{program.Origin}, started from {program.Path}", node.DisposeAsync);
        }

        var (container, why) = await RedisContainer.StartAsync(cancellationToken);
        if (container is null)
        {
            Assert.Inconclusive($"{missing} {why}");
        }

        return container!;
    }

    public ValueTask DisposeAsync() => End();

    private static async Task RequireAnswerAsync(string endpoint, CancellationToken cancellationToken)
    {
        using var socket = new TcpClient();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            var parts = endpoint.Split(':');
            await socket.ConnectAsync(parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), patience.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            throw new InvalidOperationException($"{EndpointVariable} names {endpoint}, and nobody answered there: {e.Message}", e);
        }
    }
}
