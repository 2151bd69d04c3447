using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace DashStream.Conformance.Redis;

/// <summary>
/// The tests' own way to talk to a server, without the client library that the provider uses: one connection, one command after the other. Answers are
/// <see langword="long"/>, <see langword="string"/>, null or a list of these.
/// </summary>
internal sealed class RedisSession : IAsyncDisposable
{
    private readonly TcpClient _socket = new() { NoDelay = true };
    private Stream _stream = Stream.Null;
    private Stream _answers = Stream.Null;

    private RedisSession()
    {
    }

    /// <summary>Connects, and logs in when there is a password.</summary>
    public static async Task<RedisSession> ConnectAsync(int port, SslClientAuthenticationOptions? tls = null, string? password = null, string? user = null, string host = "127.0.0.1")
    {
        var session = new RedisSession();
        try
        {
            await session.OpenAsync(host, port, tls);
            if (password is not null)
            {
                await session.CallAsync(user is null ? ["AUTH", password] : ["AUTH", user, password]);
            }

            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives one command and returns its answer.</summary>
    /// <exception cref="RedisAnswerException">The answer is an error.</exception>
    public async Task<object?> CallAsync(params string[] command)
    {
        await SendAsync(command);
        return await ReadAsync();
    }

    /// <summary>Gives one command whose answer is a text.</summary>
    public async Task<string> TextAsync(params string[] command) => (string)(await CallAsync(command))!;

    /// <summary>Gives one command whose answer is a number.</summary>
    public async Task<long> NumberAsync(params string[] command) => (long)(await CallAsync(command))!;

    /// <summary>Gives one command whose answer is a list.</summary>
    public async Task<IReadOnlyList<object?>> ListAsync(params string[] command) => (IReadOnlyList<object?>)(await CallAsync(command))!;

    /// <summary>Gives one command and does not wait for its answer.</summary>
    public async Task SendAsync(params string[] command)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{command.Length}\r\n");
        foreach (var word in command)
        {
            text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        }

        await _stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()));
        await _stream.FlushAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _socket.Dispose();
    }

    private async Task OpenAsync(string host, int port, SslClientAuthenticationOptions? tls)
    {
        await _socket.ConnectAsync(host, port);
        Stream stream = _socket.GetStream();
        if (tls is not null)
        {
            var encrypted = new SslStream(stream);
            stream = encrypted;
            _stream = encrypted;
            await encrypted.AuthenticateAsClientAsync(tls);
        }

        _stream = stream;
        _answers = new BufferedStream(stream);
    }

    private async Task<object?> ReadAsync()
    {
        var line = await ReadLineAsync();
        var rest = line[1..];
        switch (line[0])
        {
            case '+':
                return rest;
            case '-':
                throw new RedisAnswerException(rest);
            case ':':
                return long.Parse(rest, CultureInfo.InvariantCulture);
            case '$':
                return await ReadTextAsync(int.Parse(rest, CultureInfo.InvariantCulture));
            case '*':
                return await ReadListAsync(int.Parse(rest, CultureInfo.InvariantCulture));
            default:
                throw new IOException($"Not an answer of Redis: {line}");
        }
    }

    private async Task<string?> ReadTextAsync(int length)
    {
        if (length < 0)
        {
            return null;
        }

        var bytes = new byte[length + 2];
        await _answers.ReadExactlyAsync(bytes);
        return Encoding.UTF8.GetString(bytes, 0, length);
    }

    private async Task<IReadOnlyList<object?>?> ReadListAsync(int length)
    {
        if (length < 0)
        {
            return null;
        }

        var list = new List<object?>(length);
        while (list.Count < length)
        {
            list.Add(await ReadAsync());
        }

        return list;
    }

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (true)
        {
            await _answers.ReadExactlyAsync(one);
            if (one[0] == '\n')
            {
                return line.ToString();
            }

            if (one[0] != '\r')
            {
                line.Append((char)one[0]);
            }
        }
    }
}
