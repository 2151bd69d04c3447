using DashStream.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DashStream;

/// <summary>
/// Stores dead letters as ordinary records in a topic of any provider, best another one than that which failed. Thread-safe. At most
/// <see cref="DeadLetterOptions.MaxInFlight"/> letters are stored at once, further ones wait; none is dropped: a call returns when its letter is stored, or throws.
/// </summary>
public sealed class ProviderDeadLetterSink : IDeadLetterSink, IAsyncDisposable
{
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(5);

    private readonly IStreamProvider _provider;
    private readonly DeadLetterOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DeadLetterRecords _records;
    private readonly DeadLetterProducers _producers;
    private readonly SemaphoreSlim _places;
    private int _disposed;

    /// <summary>Makes a sink; the topic is opened, and created if need be, with the first letter.</summary>
    /// <param name="provider">Where to store; not owned.</param>
    /// <param name="options">Settings; null means the defaults.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <param name="logger">Where warnings go; null means nowhere.</param>
    /// <exception cref="StreamException">An option is out of range.</exception>
    public ProviderDeadLetterSink(IStreamProvider provider, DeadLetterOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(provider);
        _provider = provider;
        _options = options ?? new DeadLetterOptions();
        OptionFaults.ThrowIfAny(nameof(DeadLetterOptions), _options.Faults());
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _records = new DeadLetterRecords(_options, _time);
        _producers = new DeadLetterProducers(provider, _options);
        _places = new SemaphoreSlim(_options.MaxInFlight, _options.MaxInFlight);
    }

    /// <summary>
    /// Stores a letter. One that is about a dead letter at its last hop (<see cref="DeadLetterOptions.MaxHops"/>) is not stored again: it is in its topic already.
    /// </summary>
    /// <inheritdoc/>
    public ValueTask StoreAsync(DeadLetter letter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(letter);
        return IsAtLastHop(letter) ? ValueTask.CompletedTask : StoreAsync(TopicOf(letter), RecordOf(letter), cancellationToken);
    }

    /// <summary>Waits for letters on their way, 5 s at most, and closes what it opened. The provider stays open.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        var deadline = Client.StopDeadline.Start(StopWithin, _time);
        for (var i = 0; i < _options.MaxInFlight; i++)
        {
            if (!await _places.WaitAsync(deadline.Left).ConfigureAwait(false))
            {
                break;
            }
        }

        await _producers.DisposeAsync().ConfigureAwait(false);
    }

    internal string TopicOf(DeadLetter letter) => _records.TopicOf(letter);

    internal StreamRecord RecordOf(DeadLetter letter) => _records.Create(letter, _provider.Capabilities.MaxRecordBytes);

    /// <summary>Whether it is about a letter that must not be wrapped again, or a reader that fails on dead letters would make them for ever.</summary>
    internal bool IsAtLastHop(DeadLetter letter)
    {
        if (letter.Record.Position is not { } position || DeadLetterRecords.HopsOf(letter) <= _options.MaxHops)
        {
            return false;
        }

        PipelineMeter.DeadLettersDropped.Add(1);
        Log.DeadLetterKept(_logger, letter.SourceTopic, position.ToString(), letter.Error);
        return true;
    }

    internal async ValueTask StoreAsync(string topic, StreamRecord record, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _disposed) != 0)
        {
            throw new StreamException(StreamErrorKind.Closed, $"The dead-letter sink of topic '{topic}' was disposed.");
        }

        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await RetryAsync(topic, record, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _places.Release();
        }
    }

    private async ValueTask RetryAsync(string topic, StreamRecord record, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await TryAsync(topic, record, cancellationToken).ConfigureAwait(false);
                PipelineMeter.DeadLetterSends.Add(1);
                return;
            }
            catch (StreamException e)
            {
                // As in the original, the last failed attempt counts too.
                PipelineMeter.DeadLetterRetries.Add(1);
                if (attempt >= _options.Retry.MaxAttempts || !IsWorthAnother(e))
                {
                    PipelineMeter.DeadLetterFailures.Add(1);
                    throw new StreamException(e.Kind,
                        $"A dead letter could not be stored in topic '{topic}' ({_provider.Name}) after {attempt} attempts: {e.Message}", e);
                }

                Log.LetterStoreRetried(_logger, topic, attempt, e);
            }

            await Task.Delay(_options.Retry.DelayAfter(attempt, Chance.Random), _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask TryAsync(string topic, StreamRecord record, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var producer = await _producers.GetAsync(topic, either.Token).OrLeaveAsync(either.Token).ConfigureAwait(false);
            await producer.SendAsync(record, either.Token).OrLeaveAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StreamException(StreamErrorKind.Timeout, $"It was not stored within {_options.Timeout} ({nameof(DeadLetterOptions)}.{nameof(DeadLetterOptions.Timeout)}).");
        }
        catch (StreamException e) when (e.Kind is StreamErrorKind.NotFound or StreamErrorKind.Closed)
        {
            // The topic went, or the producer did: the next attempt opens anew.
            await _producers.ForgetAsync(topic).ConfigureAwait(false);
            throw;
        }
        catch (Exception e) when (e is not StreamException and not OperationCanceledException)
        {
            throw new StreamException(StreamErrorKind.Fatal, $"The provider failed unexpectedly: {e.Message}", e);
        }
    }

    private static bool IsWorthAnother(StreamException error) =>
        error.IsTransient || error.Kind is StreamErrorKind.Timeout or StreamErrorKind.NotFound or StreamErrorKind.Closed;
}
