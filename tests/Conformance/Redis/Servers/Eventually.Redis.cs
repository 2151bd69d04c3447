using System.Net.Sockets;
using DashStream.Conformance.Redis;

namespace DashStream.Conformance.Servers;

/// <content>What a Redis that is coming up says, or the system in its place.</content>
internal static partial class Eventually
{
    private static partial bool IsNotYet(Exception error) =>
        error is SocketException or IOException || (error is RedisAnswerException { Code: "LOADING" or "CLUSTERDOWN" or "MASTERDOWN" });
}
