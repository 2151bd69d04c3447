using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>
/// A connection to the server (in a cluster: one to each node) that commands of many callers share. Opened by the first command; one that failed or does not answer in
/// time is given up, and the next command opens another. In a cluster one node may be away while the others answer: the client connects to it again by itself, and where
/// a node does not answer in time another connection is opened beside the first, which ends when it is there. Errors are <see cref="StreamException"/>s; nothing is retried.
/// Safe for concurrent use.
/// </summary>
/// <param name="options">Checked already.</param>
/// <param name="purpose">Part of the name that CLIENT LIST shows.</param>
/// <param name="time">The clock.</param>
/// <param name="block">How long the server may hold a command back, beyond the command timeout.</param>
/// <param name="isAlone">Whether one caller sends one command after the other and never holds the thread that an answer comes on.</param>
internal sealed class RedisConnection(RedisConnectionOptions options, string purpose, TimeProvider time, TimeSpan block = default, bool isAlone = false) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<RedisClient>? _client;
    private bool _isDisposed;
    private bool _isRenewing;

    public RedisConnectionOptions Options => options;

    /// <summary>Sends one command. A key must be a <see cref="RedisKey"/>, so that a cluster's node is found by it.</summary>
    /// <exception cref="StreamException">The server refused it, or could not be asked.</exception>
    public ValueTask<RedisResult> ExecuteAsync(string command, CancellationToken cancellationToken, params object[] arguments) =>
        RunAsync(database => database.ExecuteAsync(command, arguments), cancellationToken);

    /// <summary>Runs a script by its name, or by its text when the server does not know it (any more).</summary>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Number of keys, keys, values, behind one free place.</param>
    /// <param name="cancellationToken">Ends the waiting; the script may have run.</param>
    public async ValueTask<RedisResult> EvaluateAsync(RedisScript script, object[] arguments, CancellationToken cancellationToken)
    {
        arguments[0] = script.Sha;
        try
        {
            return await ExecuteAsync("EVALSHA", cancellationToken, arguments).ConfigureAwait(false);
        }
        catch (StreamException e) when (RedisErrors.IsUnknownScript(e))
        {
            arguments[0] = script.Text;
            return await ExecuteAsync("EVAL", cancellationToken, arguments).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The same, then waits until so many replicas have what the script did; returns how many have. Both leave in one go: a server that was asked later, or another one that
    /// took its place, would speak of what it was sent itself.
    /// </summary>
    /// <exception cref="StreamException">The server is a cluster, of which no node could be named (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public async ValueTask<(RedisResult Answer, int Replicas)> EvaluateReplicatedAsync(
        RedisScript script, object[] arguments, int replicas, TimeSpan limit, CancellationToken cancellationToken)
    {
        arguments[0] = script.Sha;
        try
        {
            return await RunAsync(database => EvaluateReplicatedAsync(database, "EVALSHA", arguments, replicas, limit), cancellationToken).ConfigureAwait(false);
        }
        catch (StreamException e) when (RedisErrors.IsUnknownScript(e))
        {
            arguments[0] = script.Text;
            return await RunAsync(database => EvaluateReplicatedAsync(database, "EVAL", arguments, replicas, limit), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs several commands that leave in one go, in order.</summary>
    public async ValueTask<T> RunAsync<T>(Func<IDatabase, Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (opening, client) = await OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var result = await work(client.Database).WaitAsync(options.CommandTimeout + block, time, cancellationToken).ConfigureAwait(false);

            // Old clients answer on the thread that reads the socket: whoever held it would keep all other answers back.
            await Task.CompletedTask.ConfigureAwait(isAlone ? ConfigureAwaitOptions.None : ConfigureAwaitOptions.ForceYielding);
            return result;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            var error = e as StreamException ?? RedisErrors.Map(e, options);
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            if (RedisErrors.LeavesConnectionUseless(e))
            {
                Doubt(opening, client, e);
            }

            throw Closed() ?? error;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task<RedisClient>? client;
        lock (_gate)
        {
            _isDisposed = true;
            client = _client;
            _client = null;
        }

        if (client is not null)
        {
            await CloseAsync(client).ConfigureAwait(false);
        }
    }

    private async ValueTask<(Task<RedisClient> Opening, RedisClient Client)> OpenAsync(CancellationToken cancellationToken)
    {
        var opening = Open();
        if (opening.IsCompletedSuccessfully && !(await opening.ConfigureAwait(false)).IsConnected)
        {
            // Lost while nobody used it: nothing was sent that could be in doubt.
            GiveUp(opening);
            opening = Open();
        }

        try
        {
            return (opening, await opening.WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            GiveUp(opening);
            throw Closed() ?? RedisErrors.Map(e, options);
        }
    }

    private Task<RedisClient> Open()
    {
        lock (_gate)
        {
            return _isDisposed ? throw RedisErrors.Closed(options) : _client ??= RedisConnector.ConnectAsync(options, purpose, block);
        }
    }

    private void Doubt(Task<RedisClient> opening, RedisClient client, Exception error)
    {
        if (!client.IsCluster)
        {
            GiveUp(opening);
        }
        else if (error is TimeoutException)
        {
            lock (_gate)
            {
                if (_client != opening || _isRenewing || _isDisposed)
                {
                    return;
                }

                _isRenewing = true;
            }

            _ = RenewAsync(opening);
        }
    }

    // A node that hangs may have left a connection that never ends; what others wait for on it is theirs to get.
    private async Task RenewAsync(Task<RedisClient> doubtful)
    {
        var opening = RedisConnector.ConnectAsync(options, purpose, block);
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var replaced = false;
        lock (_gate)
        {
            if (opening.IsCompletedSuccessfully && _client == doubtful)
            {
                _client = opening;
                replaced = true;
            }
        }

        if (!replaced)
        {
            await CloseAsync(opening).ConfigureAwait(false);
        }

        // Whoever sent on the old one is answered or gives up; and a cluster that stays broken is not asked for connections all the time.
        await Task.Delay(options.CommandTimeout + block, time, CancellationToken.None).ConfigureAwait(false);
        lock (_gate)
        {
            _isRenewing = false;
        }

        if (replaced)
        {
            await CloseAsync(doubtful).ConfigureAwait(false);
        }
    }

    // Everybody who waits on the lost connection fails now and asks again on a new one.
    private void GiveUp(Task<RedisClient> lost)
    {
        lock (_gate)
        {
            if (_client != lost)
            {
                return;
            }

            _client = null;
        }

        _ = CloseAsync(lost);
    }

    private StreamException? Closed()
    {
        lock (_gate)
        {
            return _isDisposed ? RedisErrors.Closed(options) : null;
        }
    }

    private async Task<(RedisResult Answer, int Replicas)> EvaluateReplicatedAsync(IDatabase database, string command, object[] arguments, int replicas, TimeSpan limit)
    {
        if (database.Multiplexer.GetEndPoints().Any(endpoint => database.Multiplexer.GetServer(endpoint).ServerType == ServerType.Cluster))
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"Redis at {options}: {nameof(RedisProviderOptions.MinReplicas)} is not available on a cluster. Set min-replicas-to-write on its nodes.");
        }

        var answer = database.ExecuteAsync(command, arguments);
        var waited = database.ExecuteAsync("WAIT", (object[])[replicas, (int)limit.TotalMilliseconds], CommandFlags.DemandMaster);
        await Task.WhenAll(answer, waited).ConfigureAwait(false);
        return (await answer.ConfigureAwait(false), (int)await waited.ConfigureAwait(false));
    }

    private static async Task CloseAsync(Task<RedisClient> opening)
    {
        try
        {
            await (await opening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (RedisErrors.IsOfClient(e) || e is StreamException)
        {
            // It never opened, or is closed already: either way it is gone.
        }
    }
}
