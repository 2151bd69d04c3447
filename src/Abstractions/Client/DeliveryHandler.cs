using DashStream.Protocol;
using Microsoft.Extensions.Logging;

namespace DashStream.Client;

/// <summary>Steps 2 and 4 of a delivery: decode, call the handler, and ask what becomes of a failure. Thread-safe.</summary>
internal sealed class DeliveryHandler(
    string topic, MessageCodec codec, Func<FailedDelivery, CancellationToken, ValueTask<FailureAction>>? onFailure, ILogger logger)
{
    /// <summary>
    /// Decodes in place. Returns null when the message may go on, or the error that ends the run. A skipped message is finished, and
    /// <paramref name="message"/> must not be handled then.
    /// </summary>
    public async ValueTask<(bool Decoded, Exception? Fatal)> DecodeAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                message.Decoded(Decode(message.Record));
                return (true, null);
            }
            catch (CodecException e)
            {
                var (again, fatal) = await AskAsync(message, decoded: null, e, attempt, cancellationToken).ConfigureAwait(false);
                if (!again)
                {
                    return (false, fatal);
                }
            }
        }
    }

    /// <summary>Calls the handler until it succeeds or the failure is decided. Returns the error that ends the run, or null.</summary>
    public async ValueTask<Exception?> HandleAsync(
        ReceivedMessage message, Func<ReceivedMessage, CancellationToken, ValueTask> handler, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await handler(message, cancellationToken).ConfigureAwait(false);
                message.Finish(handled: true);
                return null;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The stop ran out of patience: not handled, so not done.
                message.Finish(handled: false);
                return null;
            }
            catch (Exception e)
            {
                var (again, fatal) = await AskAsync(message, message.Message, e, attempt, cancellationToken).ConfigureAwait(false);
                if (!again)
                {
                    return fatal;
                }
            }
        }
    }

    // A tombstone carries no message: it is delivered as an empty one, told apart by the record's null value.
    private DashStreamMessage Decode(StreamRecord record) => record.Value is { } value ? codec.Decode(value) : new DashStreamMessage();

    private async ValueTask<(bool Again, Exception? Fatal)> AskAsync(
        ReceivedMessage message, DashStreamMessage? decoded, Exception error, int attempt, CancellationToken cancellationToken)
    {
        Log.DeliveryFailed(logger, topic, message.Position.ToString(), attempt, error);
        var action = FailureAction.Stop;
        var cause = error;
        try
        {
            if (onFailure is not null)
            {
                action = await onFailure(new FailedDelivery(message.Record, decoded, error, attempt), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A failure in the failure callback must not hide the first one.
            cause = new AggregateException(error, e);
        }
        catch (OperationCanceledException)
        {
            message.Finish(handled: false);
            return (false, null);
        }

        switch (action)
        {
            case FailureAction.Retry:
                return (true, null);
            case FailureAction.Skip:
                message.Finish(handled: true);
                return (false, null);
            default:
                message.Finish(handled: false);
                return (false, cause);
        }
    }
}
