using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace DashStream.Providers;

/// <summary>
/// Hears the errors that librdkafka tells aside, and remembers what callers must know: that a client is beyond help, that the brokers refuse the credentials
/// (so that a call fails at once instead of at its deadline), and what went wrong last. Safe for concurrent use.
/// </summary>
internal sealed class ClusterWatch(string servers, SecretScrubber scrubber, CertificateProbe? probe, TimeProvider time, ILogger logger)
{
    // While brokers are away every client says so several times a second.
    private static readonly TimeSpan RepeatInterval = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<ErrorCode, long> _logged = [];
    private TaskCompletionSource<Error> _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Error? _fatal;
    private volatile string? _lastTrouble;
    private volatile bool _answered;
    private long _answeredAt;
    private int _probing;

    /// <summary>The error that ended a client for good, or null.</summary>
    public Error? Fatal => _fatal;

    /// <summary>What went wrong last, for people; null when all was well since.</summary>
    public string? LastTrouble => _lastTrouble;

    /// <summary>Completes when the brokers refuse the credentials.</summary>
    public Task<Error> Refused
    {
        get
        {
            lock (_gate)
            {
                return _refused.Task;
            }
        }
    }

    /// <summary>The brokers answered a request: whatever was refused before no longer is.</summary>
    public void Answered()
    {
        lock (_gate)
        {
            _answered = true;
            _answeredAt = time.GetTimestamp();
            _lastTrouble = null;
            if (_refused.Task.IsCompleted)
            {
                _refused = new TaskCompletionSource<Error>(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    /// <summary>Whether any request was answered so lately.</summary>
    public bool AnsweredWithin(TimeSpan limit)
    {
        lock (_gate)
        {
            return _answered && time.GetElapsedTime(_answeredAt) < limit;
        }
    }

    /// <summary>An error told by a client.</summary>
    public void OnError(Error error)
    {
        var text = scrubber.Scrub(error.Reason);

        // That all brokers are down follows what each of them had to say, which says more.
        _lastTrouble = error.Code == ErrorCode.Local_AllBrokersDown && _lastTrouble is { } said ? said : $"{error.Code}: {text}";
        if (error.IsFatal && KafkaErrors.KindOf(error) == StreamErrorKind.Fatal)
        {
            _fatal = error;
            KafkaLog.FatalTrouble(logger, servers, error.Code, text);
            return;
        }

        if (IsNews(error.Code))
        {
            KafkaLog.Trouble(logger, servers, error.Code, text);
        }

        if (IsRefusal(error.Code))
        {
            Refuse(error);
        }
        else if (error.Code == ErrorCode.Local_Transport && !_answered && probe is not null && Interlocked.Exchange(ref _probing, 1) == 0)
        {
            _ = ProbeAsync(probe);
        }
    }

    /// <summary>A log line of a client.</summary>
    public void OnLog(LogMessage message)
    {
        var level = message.Level switch
        {
            <= SyslogLevel.Critical => LogLevel.Critical,
            SyslogLevel.Error => LogLevel.Error,
            SyslogLevel.Warning => LogLevel.Warning,
            SyslogLevel.Notice or SyslogLevel.Info => LogLevel.Information,
            _ => LogLevel.Debug,
        };

        // Settings are given to every kind of client, and librdkafka remarks on those that are not for it.
        level = message.Facility == "CONFWARN" ? LogLevel.Debug : level;
        if (logger.IsEnabled(level))
        {
            var text = scrubber.Scrub(message.Message);
            KafkaLog.Native(logger, level, message.Facility, text);
        }
    }

    private void Refuse(Error error)
    {
        lock (_gate)
        {
            _refused.TrySetResult(error);
        }
    }

    private async Task ProbeAsync(CertificateProbe certificates)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (await certificates.IsRefusedAsync(CancellationToken.None).ConfigureAwait(false) && !_answered)
        {
            Refuse(new Error(ErrorCode.Local_Ssl, "The brokers hang up after the TLS handshake: they refuse the client certificate, or that there is none."));
        }

        Volatile.Write(ref _probing, 0);
    }

    private bool IsNews(ErrorCode code)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_logged.TryGetValue(code, out var last) && time.GetElapsedTime(last, now) < RepeatInterval)
            {
                return false;
            }

            _logged[code] = now;
            return true;
        }
    }

    // A handshake also breaks when a broker goes down in the middle of it: only a cluster that never let us in refuses us by that.
    private bool IsRefusal(ErrorCode code) => code is ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed
        || (code == ErrorCode.Local_Ssl && !_answered);
}
