using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace DashStream.Providers;

/// <summary>
/// Lets a client come in as a user though it knows only passwords (StackExchange.Redis before 2.0): it connects to a port of this machine's loopback, shows the password, and gets a
/// connection that is logged in as the user. Who does not show the password first gets nothing.
/// </summary>
internal sealed class UserRelay : IAsyncDisposable
{
    private readonly RedisConnectionOptions _options;
    private readonly (string Host, int Port) _server;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly byte[] _greeting;
    private readonly Task _accepting;

    public UserRelay(RedisConnectionOptions options, (string Host, int Port) server)
    {
        _options = options;
        _server = server;
        _greeting = Encoding.UTF8.GetBytes($"*2\r\n$4\r\nAUTH\r\n${Encoding.UTF8.GetByteCount(options.Password!)}\r\n{options.Password}\r\n");
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var links = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token).ConfigureAwait(false);
                links.RemoveAll(static link => link.IsCompleted);
                links.Add(LinkAsync(client));
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // Disposed: nobody is let in any more.
        }

        await Task.WhenAll(links).ConfigureAwait(false);
    }

    private async Task LinkAsync(TcpClient client)
    {
        using var own = client;
        try
        {
            client.NoDelay = true;
            var near = client.GetStream();
            var shown = new byte[_greeting.Length];
            await near.ReadExactlyAsync(shown, _stop.Token).ConfigureAwait(false);
            if (!CryptographicOperations.FixedTimeEquals(shown, _greeting))
            {
                return;
            }

            var far = await RedisLogin.OpenAsync(_options, _server, _stop.Token).ConfigureAwait(false);
            await using (far.ConfigureAwait(false))
            {
                await near.WriteAsync("+OK\r\n"u8.ToArray(), _stop.Token).ConfigureAwait(false);
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                var one = await Task.WhenAny(near.CopyToAsync(far, ended.Token), far.CopyToAsync(near, ended.Token)).ConfigureAwait(false);
                await one.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await ended.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (IsEnd(e) || e is StreamException)
        {
            // The client sees its connection closed, and asks the server itself for the reason.
        }
    }

    private static bool IsEnd(Exception error) => error is SocketException or IOException or OperationCanceledException or InvalidOperationException;
}
