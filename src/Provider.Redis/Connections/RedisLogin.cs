using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace DashStream.Providers;

/// <summary>
/// Connects and logs in by itself, past the client. Tells why a client could not connect, which the client says in its own words only, and logs users in for clients that know none.
/// </summary>
internal static class RedisLogin
{
    private const int LongestReply = 1024;

    /// <summary>A connection that the server has let in.</summary>
    /// <exception cref="StreamException">It could not be reached, or refused.</exception>
    public static async Task<Stream> OpenAsync(RedisConnectionOptions options, (string Host, int Port) server, CancellationToken cancellationToken)
    {
        var socket = new TcpClient { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(server.Host, server.Port, cancellationToken).ConfigureAwait(false);
            stream = socket.GetStream();
            if (options.Tls)
            {
                var encrypted = new SslStream(stream);
                stream = encrypted;
                await encrypted.AuthenticateAsClientAsync(RedisClientSettings.MakeTls(options, server.Host), cancellationToken).ConfigureAwait(false);
            }

            await LogInAsync(stream, options, cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch (Exception e)
        {
            stream?.Dispose();
            socket.Dispose();
            if (RedisErrors.IsOfClient(e))
            {
                throw e is AuthenticationException
                    ? new StreamException(StreamErrorKind.Unauthorized, $"Redis at {options}: TLS failed; see the inner exception.", e)
                    : RedisErrors.Map(e, options);
            }

            throw;
        }
    }

    private static async ValueTask LogInAsync(Stream stream, RedisConnectionOptions options, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(options.Password))
        {
            string[] login = string.IsNullOrEmpty(options.User) ? ["AUTH", options.Password] : ["AUTH", options.User, options.Password];
            await AskAsync(stream, options, login, cancellationToken).ConfigureAwait(false);
        }

        await AskAsync(stream, options, ["PING"], cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask AskAsync(Stream stream, RedisConnectionOptions options, string[] command, CancellationToken cancellationToken)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"*{command.Length}\r\n"));
        foreach (var word in command)
        {
            text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        }

        await stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        var reply = await ReadLineAsync(stream, cancellationToken).ConfigureAwait(false);
        if (!reply.StartsWith('+'))
        {
            throw reply.StartsWith('-')
                ? RedisErrors.MapReply(reply[1..], options)
                : new StreamException(StreamErrorKind.Incompatible, $"Whoever answers at {options} does not speak Redis' protocol.");
        }
    }

    private static async ValueTask<string> ReadLineAsync(Stream stream, CancellationToken cancellationToken)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (line.Count < LongestReply && await stream.ReadAsync(one, cancellationToken).ConfigureAwait(false) == 1)
        {
            if (one[0] == '\n')
            {
                return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            }

            line.Add(one[0]);
        }

        throw new IOException("The server closed the connection before it answered.");
    }
}
