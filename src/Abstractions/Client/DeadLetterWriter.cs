using Microsoft.Extensions.Logging;

namespace DashStream.Client;

/// <summary>Stores the letters of a consumer's records, each until it is stored or its partition is given up. Thread-safe.</summary>
internal sealed class DeadLetterWriter(
    string topic, string? group, DashStreamConsumerOptions options, TimeProvider time, DeliveryStatus status, ILogger logger)
{
    private const string NoGroup = "reader";

    /// <summary>
    /// Only a stored letter makes the message done; given up, it comes again. Releases the partition at the end. Never throws.
    /// </summary>
    public async Task StoreAsync(ReceivedMessage message, DeadLetterStage stage, Exception error, int attempts, CancellationToken abandon)
    {
        status.LetterBegun();
        var stored = false;
        try
        {
            var letter = new DeadLetter
            {
                Stage = stage,
                SourceTopic = topic,
                Record = message.Record,
                Error = error,
                Attempts = attempts,
                ClientId = group ?? NoGroup,
                Message = stage == DeadLetterStage.Decode ? null : message.Message,
            };
            stored = await UntilStoredAsync(letter, message, abandon).ConfigureAwait(false);
        }
        finally
        {
            status.LetterEnded();
            message.Finish(stored);
            message.Partition.Release();
        }
    }

    private async Task<bool> UntilStoredAsync(DeadLetter letter, ReceivedMessage message, CancellationToken abandon)
    {
        var closing = message.Partition.Closing;
        for (var attempt = 1; !abandon.IsCancellationRequested; attempt++)
        {
            try
            {
                await options.DeadLetters!.StoreAsync(letter, abandon).ConfigureAwait(false);
                status.LetterStored();
                return true;
            }
            catch (Exception e)
            {
                status.LetterFailed(e);
                var delay = options.Retry.DelayAfter(attempt, Chance.Random);
                Log.DeadLetterRetried(logger, topic, message.Position.ToString(), attempt, delay, e);
                await Task.Delay(delay, time, closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (closing.IsCancellationRequested)
                {
                    return false;
                }
            }
        }

        return false;
    }
}
