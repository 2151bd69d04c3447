using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>What the server's and the client's errors mean to a stream. A reply is judged by the word it begins with, never by its text.</summary>
internal static class RedisErrors
{
    private const string UnknownScript = "NOSCRIPT";

    // Said by our scripts.
    private const string NotFound = "DSNOTFOUND";
    private const string Order = "DSORDER";

    /// <summary>Whether the error comes from the client or the server, rather than from a mistake in our code.</summary>
    public static bool IsOfClient(Exception error) =>
        error is RedisException or RedisServerException or RedisConnectionException or RedisCommandException or TimeoutException or ObjectDisposedException
            or OperationCanceledException or IOException or System.Net.Sockets.SocketException or System.Security.Authentication.AuthenticationException;

    /// <summary>Whether nothing more is to be expected of the connection that the error came from.</summary>
    public static bool LeavesConnectionUseless(Exception error) =>
        error is not StreamException && (error is not RedisServerException server || CodeOf(server.Message) is "READONLY" or "NOAUTH" or "CLUSTERDOWN" or "");

    public static bool IsUnknownScript(StreamException error) => error.InnerException is RedisServerException server && CodeOf(server.Message) == UnknownScript;

    public static StreamException Closed(RedisConnectionOptions options) => new(StreamErrorKind.Closed, $"The connection to Redis at {options} was disposed.");

    public static StreamException NoTopic(RedisConnectionOptions options, string topic) =>
        new(StreamErrorKind.NotFound, $"Topic '{topic}' does not exist in Redis at {options}.");

    public static StreamException NoPartition(RedisConnectionOptions options, string topic, int partition) =>
        new(StreamErrorKind.NotFound, $"Topic '{topic}' in Redis at {options} does not exist or has no partition {partition}.");

    /// <summary>What an error reply means.</summary>
    public static StreamException MapReply(string reply, RedisConnectionOptions options)
    {
        var (kind, text) = DescribeReply(reply);
        return new StreamException(kind, $"Redis at {options}: {text}.");
    }

    public static StreamException Map(Exception error, RedisConnectionOptions options)
    {
        if (error is StreamException mapped)
        {
            return mapped;
        }

        var (kind, text) = error switch
        {
            RedisServerException server => DescribeReply(server.Message),
            RedisConnectionException failed when IsRefusal(failed) =>
                (StreamErrorKind.Unauthorized, "the server refused the user or the password, TLS failed, or one side speaks TLS and the other does not"),
            RedisConnectionException => (StreamErrorKind.Transient, "the connection failed; see the inner exception"),
            TimeoutException => (StreamErrorKind.Transient, "no answer came in time"),
            RedisCommandException => (StreamErrorKind.Fatal, "the client cannot send the command; see the inner exception"),
            _ when IsOfClient(error) => (StreamErrorKind.Transient, "the connection ended; see the inner exception"),
            _ => (StreamErrorKind.Fatal, "the client failed; see the inner exception"),
        };
        return new StreamException(kind, $"Redis at {options}: {text}.", error);
    }

    // Client versions before 2.0 name the failure in the text only when the first connection fails.
    private static bool IsRefusal(RedisConnectionException error) => error.FailureType == ConnectionFailureType.AuthenticationFailure
        || error.Message.Contains(nameof(ConnectionFailureType.AuthenticationFailure), StringComparison.Ordinal);

    private static (StreamErrorKind Kind, string Text) DescribeReply(string reply) => CodeOf(reply) switch
    {
        NotFound => (StreamErrorKind.NotFound, "the topic does not exist, or has no such partition"),
        Order => (StreamErrorKind.Transient, "the producer's batch before this one is not stored"),
        "NOAUTH" => (StreamErrorKind.Unauthorized, "the server wants a password (NOAUTH)"),
        "WRONGPASS" => (StreamErrorKind.Unauthorized, "the server refused the user or the password (WRONGPASS)"),
        "NOPERM" => (StreamErrorKind.Unauthorized, "the user may not do this; see the inner exception and the server's access list (NOPERM)"),
        "DENIED" => (StreamErrorKind.Unauthorized, "the server runs in protected mode (DENIED)"),
        "WRONGTYPE" => (StreamErrorKind.Incompatible, "a key under our prefix holds something else (WRONGTYPE); remove it or take another KeyPrefix"),
        "OOM" => (StreamErrorKind.Full, "the server's memory limit is reached (OOM); raise maxmemory or trim"),
        "MISCONF" => (StreamErrorKind.Full, "the server cannot write to its disk and takes no more (MISCONF)"),
        "READONLY" => (StreamErrorKind.Transient, "the server is a replica (READONLY)"),
        "LOADING" => (StreamErrorKind.Transient, "the server is still loading its data (LOADING)"),
        "BUSY" or "UNKILLABLE" => (StreamErrorKind.Transient, "the server is held up by a script (BUSY)"),
        "MASTERDOWN" or "NOREPLICAS" or "CLUSTERDOWN" or "TRYAGAIN" or "MOVED" or "ASK" or "NOSCRIPT" =>
            (StreamErrorKind.Transient, "the servers are changing places; see the inner exception"),
        "ERR" or "CROSSSLOT" or "EXECABORT" => (StreamErrorKind.Fatal, "the server cannot do what was asked; see the inner exception"),

        // The client's own words, for a redirection that leads nowhere.
        "" => (StreamErrorKind.Transient, "the server that holds the key is not reachable; see the inner exception"),
        var code => (StreamErrorKind.Fatal, $"the server answered {code}; see the inner exception"),
    };

    /// <summary>The upper-case word that a reply begins with, or an empty text.</summary>
    private static string CodeOf(string reply)
    {
        var end = reply.AsSpan().IndexOfAnyExceptInRange('A', 'Z');
        var code = end < 0 ? reply : reply[..end];
        return code.Length > 1 && (end < 0 || reply[end] is ' ') ? code : "";
    }
}
