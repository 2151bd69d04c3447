using System.Net;
using System.Net.Sockets;

namespace DashStream.Conformance.Servers;

/// <summary>
/// Ports of the loopback that nobody listens on. They lie below the range from which systems take the ports of outgoing connections, so that a port stays free
/// while its server is down: a client that keeps knocking at a port of that range may at last be connected to itself, and the server could not come back.
/// </summary>
internal static class FreePorts
{
    private const int First = 12_000;
    private const int End = 31_000;

    private static readonly HashSet<int> Given = [];

    public static int Next()
    {
        lock (Given)
        {
            while (true)
            {
                var port = Random.Shared.Next(First, End);
                if (!Given.Contains(port) && IsFree(port))
                {
                    Given.Add(port);
                    return port;
                }
            }
        }
    }

    /// <summary>Whether somebody listens there.</summary>
    public static async Task<bool> IsTakenAsync(int port)
    {
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
