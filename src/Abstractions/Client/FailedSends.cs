using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace DashStream.Client;

/// <summary>The last step of a send that failed: its record goes to the dead letters, and then the caller gets the error. Thread-safe.</summary>
#pragma warning disable CA1001 // Sends may fail after the producer was disposed; a semaphore whose wait handle nobody asks for holds nothing.
internal sealed class FailedSends(IDeadLetterSink sink, string provider, string topic, DashStreamProducerOptions options, ILogger logger)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _room = new(options.MaxDeadLettersInFlight);
    private readonly MessageCodec _codec = new(options.Codec);
    private readonly Undecided _undecided = new();

    /// <summary>How many sends are neither stored nor kept as dead letters yet.</summary>
    public long Count => _undecided.Count;

    /// <summary>Completes when every send that is under way now is stored, or its dead letter is.</summary>
    public Task WhenEnded() => _undecided.WhenEnded();

    /// <summary>The outcome of a send, which fails only when its dead letter was taken care of.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<StreamPosition> GuardAsync(ValueTask<StreamPosition> stored, StreamRecord record)
    {
        var era = _undecided.Begin();
        try
        {
            return await stored.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await KeepAsync(record, e).ConfigureAwait(false);
            throw;
        }
        finally
        {
            _undecided.End(era);
        }
    }

    private async Task KeepAsync(StreamRecord record, Exception error)
    {
        // Never dropped: who finds no room waits, and with it the bytes that its producer may have on their way.
        await _room.WaitAsync().ConfigureAwait(false);
        try
        {
            await sink.StoreAsync(LetterOf(record, error)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The caller is about to get the first error, which a second one must not replace.
            error.Data[DashStreamProducerOptions.DeadLetterErrorKey] = e;
            Log.DeadLetterLost(logger, topic, e);
        }
        finally
        {
            _room.Release();
        }
    }

    private DeadLetter LetterOf(StreamRecord record, Exception error)
    {
        // Decoded from what was to be stored: that is stamped, redacted, and not the caller's to change.
        var message = _codec.Decode(record.Value!.Value);
        return new DeadLetter
        {
            Stage = DeadLetterStage.Send,
            SourceTopic = topic,
            ProviderName = provider,
            Record = record,
            Error = error,
            Attempts = 1,
            ClientId = $"producer:{MessageParts.HeaderOf(message)?.TenantId}",
            Message = message,
        };
    }
}
