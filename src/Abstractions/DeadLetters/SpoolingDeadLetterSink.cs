using DashStream.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DashStream;

/// <summary>
/// Stores dead letters through another sink, and in a local folder while that one fails; from there they are stored in the background, oldest first, once it is
/// back. While letters wait, later ones queue behind them. A letter in the folder is on the disk (forced), so its record may count as done. Thread-safe.
/// </summary>
public sealed class SpoolingDeadLetterSink : IDeadLetterSink, IAsyncDisposable
{
    private readonly ProviderDeadLetterSink _inner;
    private readonly DeadLetterSpoolOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SpoolFolder _folder;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _work = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Task? _draining;
    private volatile Exception? _lastError;
    private long _waitingBytes;
    private int _adds;
    private int _shrank;

    /// <summary>Makes a sink; the folder is looked at with <see cref="Start"/> or the first letter.</summary>
    /// <param name="inner">Where letters go; owned, disposed with this one.</param>
    /// <param name="options">Folder and limits; <see cref="DeadLetterSpoolOptions.Folder"/> must be set.</param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <param name="logger">Where warnings go; null means nowhere.</param>
    /// <exception cref="StreamException">An option is out of range.</exception>
    public SpoolingDeadLetterSink(ProviderDeadLetterSink inner, DeadLetterSpoolOptions options, TimeProvider? time = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(options);
        OptionFaults.ThrowIfAny(nameof(DeadLetterSpoolOptions), options.Faults());
        ArgumentException.ThrowIfNullOrWhiteSpace(options.Folder);
        _inner = inner;
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _folder = new SpoolFolder(Path.GetFullPath(options.Folder), _time);
    }

    /// <summary>What waits just now; asks the disk.</summary>
    public DeadLetterSpoolStatus GetStatus()
    {
        var (letters, bytes) = _folder.Measure();
        return new DeadLetterSpoolStatus(letters, bytes, _folder.CountAside(), _lastError);
    }

    /// <summary>Begins to store in the background what an earlier process left in the folder. Twice is harmless; the first letter does it too.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_draining is null && !_stop.IsCancellationRequested)
            {
                _draining = DrainForeverAsync();
                _work.Release();
            }
        }
    }

    /// <summary>Returns when the letter is stored or on the local disk.</summary>
    /// <exception cref="StreamException">Neither was possible; <see cref="StreamErrorKind.Full"/> when the spool is at its limit.</exception>
    /// <inheritdoc/>
    public async ValueTask StoreAsync(DeadLetter letter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(letter);
        if (_inner.IsAtLastHop(letter))
        {
            return;
        }

        Start();
        var topic = _inner.TopicOf(letter);
        var record = _inner.RecordOf(letter);
        if (IsEmpty())
        {
            try
            {
                await _inner.StoreAsync(topic, record, cancellationToken).ConfigureAwait(false);
                _lastError = null;
                return;
            }
            catch (StreamException e)
            {
                _lastError = e;
                Log.DeadLetterSpooled(_logger, topic, _folder.Path, e);
            }
        }

        await SpoolAsync(new SpooledLetter(topic, record), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops storing from the folder, where what is left stays for the next process, and disposes the inner sink.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Task? draining;
        lock (_gate)
        {
            draining = _draining;
        }

        if (draining is not null)
        {
            await draining.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _inner.DisposeAsync().ConfigureAwait(false);
    }

    // A folder that cannot be read is found out when a letter must be written to it.
    private bool IsEmpty()
    {
        try
        {
            return _folder.IsEmpty;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _lastError = e;
            return true;
        }
    }

    private async ValueTask SpoolAsync(SpooledLetter letter, CancellationToken cancellationToken)
    {
        var bytes = letter.ToBytes();
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var waiting = Waiting();
            if (waiting + bytes.Length > _options.MaxBytes)
            {
                throw new StreamException(StreamErrorKind.Full,
                    $"The spool '{_folder.Path}' holds {waiting} bytes of dead letters; one of {bytes.Length} more would pass its limit of {_options.MaxBytes} ({nameof(DeadLetterSpoolOptions.MaxBytes)}).");
            }

            _folder.Add(bytes);
            _waitingBytes = waiting + bytes.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StreamException)
        {
            PipelineMeter.DeadLetterFailures.Add(1);
            throw e as StreamException ?? new StreamException(
                e is IOException ? StreamErrorKind.Transient : StreamErrorKind.Unauthorized,
                $"A dead letter for topic '{letter.Topic}' could not be written to the spool '{_folder.Path}': {e.Message}", e);
        }
        finally
        {
            _writing.Release();
        }

        Wake();
    }

    // Measured now and then, since other processes may use the folder too, and not each time, since it may hold many files.
    private long Waiting()
    {
        const int MeasureEvery = 500;
        if (_adds++ % MeasureEvery == 0 || Interlocked.Exchange(ref _shrank, 0) != 0)
        {
            _waitingBytes = _folder.Measure().Bytes;
        }

        return _waitingBytes;
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (_work.CurrentCount == 0)
            {
                _work.Release();
            }
        }
    }

    private async Task DrainForeverAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _work.WaitAsync(_stop.Token).ConfigureAwait(false);
                while (!await TryDrainAsync(_stop.Token).ConfigureAwait(false))
                {
                    await Task.Delay(_options.RetryInterval, _time, _stop.Token).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Stores what waits; false when it has to be tried again.</summary>
    private async ValueTask<bool> TryDrainAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_folder.IsEmpty)
            {
                return true;
            }

            using var held = _folder.TryLock();
            if (held is null)
            {
                return false;
            }

            foreach (var name in _folder.List())
            {
                await DrainAsync(name, cancellationToken).ConfigureAwait(false);
            }

            _lastError = null;
            return _folder.IsEmpty;
        }
        catch (Exception e) when (e is StreamException or IOException or UnauthorizedAccessException)
        {
            _lastError = e;
            return false;
        }
    }

    private async ValueTask DrainAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var letter = SpooledLetter.Parse(_folder.Read(name));
            await _inner.StoreAsync(letter.Topic, letter.Record, cancellationToken).ConfigureAwait(false);
            _folder.Remove(name);
            Volatile.Write(ref _shrank, 1);
        }
        catch (StreamException e) when (e.Kind is StreamErrorKind.Corrupt or StreamErrorKind.TooLarge or StreamErrorKind.InvalidRequest)
        {
            // It will never go: it must not hold up the others, and is too good to be thrown away.
            _folder.PutAside(name, isDamaged: e.Kind == StreamErrorKind.Corrupt);
            Log.DeadLetterPutAside(_logger, _folder.Path, name, e);
        }
    }
}
