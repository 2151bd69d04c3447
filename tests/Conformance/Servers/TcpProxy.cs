using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace DashStream.Conformance.Servers;

/// <summary>
/// Stands between clients and a server on the loopback and passes bytes on, until it is told to <see cref="Cut"/> (connections are reset and refused), to
/// <see cref="Hang"/> (connections stay and nothing comes through) or to <see cref="HoldReplies"/>, and again from <see cref="Resume"/> on.
/// </summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private const int BufferBytes = 64 * 1024;

    private readonly int _target;
    private readonly ConcurrentDictionary<Task, byte> _links = new();
    private readonly Lock _gate = new();
    private Listening? _listening;
    private TaskCompletionSource _requests = Open();
    private TaskCompletionSource _replies = Open();
    private int _connections;

    public TcpProxy(int port, int target)
    {
        Port = port;
        _target = target;
        Resume();
    }

    public int Port { get; }

    /// <summary>Connections taken since the start.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Resets every connection and refuses new ones, as when the network is down on the way.</summary>
    public void Cut()
    {
        lock (_gate)
        {
            _listening?.Dispose();
            _listening = null;
        }
    }

    /// <summary>Keeps every connection and takes new ones, and lets nothing through either way. What was on its way arrives after <see cref="Resume"/>.</summary>
    public void Hang()
    {
        lock (_gate)
        {
            Hold(ref _requests);
            Hold(ref _replies);
        }
    }

    /// <summary>What clients send still reaches the server, and nothing of what it answers reaches them; a <see cref="Cut"/> after it loses the answers.</summary>
    public void HoldReplies()
    {
        lock (_gate)
        {
            Hold(ref _replies);
        }
    }

    /// <summary>Everything works again.</summary>
    public void Resume()
    {
        lock (_gate)
        {
            LetGo();
            _listening ??= Listen();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        LetGo();
        await Task.WhenAll(_links.Keys);
    }

    private static TaskCompletionSource Open()
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        open.SetResult();
        return open;
    }

    private static void Hold(ref TaskCompletionSource flow)
    {
        if (flow.Task.IsCompleted)
        {
            flow = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private void LetGo()
    {
        _requests.TrySetResult();
        _replies.TrySetResult();
    }

    private Listening Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, Port);
        listener.Start();
        var listening = new Listening(listener);
        Track(AcceptAsync(listening));
        return listening;
    }

    private void Track(Task task)
    {
        _links[task] = 0;
        _ = task.ContinueWith(ended => _links.TryRemove(ended, out _), TaskScheduler.Default);
    }

    private async Task AcceptAsync(Listening listening)
    {
        try
        {
            while (true)
            {
                var client = await listening.Listener.AcceptSocketAsync(listening.Cut);
                Interlocked.Increment(ref _connections);
                Track(LinkAsync(client, listening.Cut));
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // Cut or disposed: nobody is let in any more.
        }
    }

    private async Task LinkAsync(Socket client, CancellationToken cut)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        using (client)
        {
            try
            {
                await _requests.Task.WaitAsync(cut);
                await server.ConnectAsync(IPAddress.Loopback, _target, cut);
                await using var ofClient = new NetworkStream(client);
                await using var ofServer = new NetworkStream(server);
                await Task.WhenAny(PumpAsync(ofClient, ofServer, () => _requests, cut), PumpAsync(ofServer, ofClient, () => _replies, cut));
            }
            catch (Exception e) when (IsEnd(e))
            {
                // The server is down or the way is cut: the client sees its connection reset.
            }

            Reset(client);
            Reset(server);
        }
    }

    private static async Task PumpAsync(NetworkStream from, NetworkStream to, Func<TaskCompletionSource> flow, CancellationToken cut)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, cut)) > 0)
            {
                await flow().Task.WaitAsync(cut);
                await to.WriteAsync(buffer.AsMemory(0, read), cut);
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // One side is gone; the caller closes the other.
        }
    }

    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
    }

    private static bool IsEnd(Exception error) => error is SocketException or IOException or OperationCanceledException or ObjectDisposedException;

    private sealed class Listening(TcpListener listener) : IDisposable
    {
        private readonly CancellationTokenSource _cut = new();

        public TcpListener Listener => listener;

        public CancellationToken Cut => _cut.Token;

        public void Dispose()
        {
            listener.Dispose();
            _cut.Cancel();
            _cut.Dispose();
        }
    }
}
