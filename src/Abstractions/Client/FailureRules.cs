using Microsoft.Extensions.Logging;

namespace DashStream.Client;

/// <summary>Decides what becomes of a failure: by the user's callback where there is one, else by the retry policy and whether dead letters have a place to
/// go. Thread-safe.</summary>
internal sealed class FailureRules(string topic, DashStreamConsumerOptions options, ILogger logger)
{
    /// <summary>The decision, never <see cref="FailureAction.Default"/>, and the error to end the run with or to put into the letter.</summary>
    public async ValueTask<(FailureAction Action, Exception Cause)> DecideAsync(
        ReceivedMessage message, DeadLetterStage stage, Exception error, CancellationToken cancellationToken)
    {
        var place = message.Position.ToString();
        Log.DeliveryFailed(logger, topic, place, message.Attempt, error);
        if (options.OnFailure is not { } ask)
        {
            return (ByOptions(message, stage, error), error);
        }

        try
        {
            var decoded = stage == DeadLetterStage.Decode ? null : message.Message;
            var action = await ask(new FailedDelivery(message.Record, decoded, error, message.Attempt), cancellationToken).ConfigureAwait(false);
            return action switch
            {
                FailureAction.Default => (ByOptions(message, stage, error), error),
                FailureAction.DeadLetter when options.DeadLetters is null => (FailureAction.Stop, NoPlaceForLetters(error)),
                _ => (action, error),
            };
        }
        catch (Exception e)
        {
            // A failure in the failure callback must neither hide the first one nor decide anything.
            Log.FailureCallbackFailed(logger, topic, place, e);
            return (ByOptions(message, stage, error), new AggregateException(error, e));
        }
    }

    private FailureAction ByOptions(ReceivedMessage message, DeadLetterStage stage, Exception error)
    {
        // A machine that lacks a library is not the record's fault, and would send them all away.
        if (error is CodecException { Kind: StreamErrorKind.Fatal })
        {
            return FailureAction.Stop;
        }

        if (stage == DeadLetterStage.Handler && message.Attempt < options.Retry.MaxAttempts)
        {
            return FailureAction.Retry;
        }

        return options.DeadLetters is null ? FailureAction.Stop : FailureAction.DeadLetter;
    }

    private StreamException NoPlaceForLetters(Exception error) => new(
        StreamErrorKind.InvalidRequest,
        $"OnFailure asked for a dead letter of a record of topic '{topic}', but {nameof(DashStreamConsumerOptions)}.{nameof(DashStreamConsumerOptions.DeadLetters)} is not set.",
        error);
}
