using DashStream.Duplicates;
using DashStream.Telemetry;
using Microsoft.Extensions.Logging;

namespace DashStream.Client;

/// <summary>Keeps handled messages from being handled again, by their ids. Thread-safe.</summary>
internal sealed class DuplicateFilter(string topic, IDuplicateWindow window, RetryPolicy retry, TimeProvider time, ILogger logger)
{
    // As after a third failed attempt: not at once, and not long.
    private const int AskAgain = 3;

    /// <summary>True when the message has an id by which it can be known.</summary>
    public static bool Concerns(ReceivedMessage message, out UInt128 id) => MessageIdentity.TryGet(message.Header, out id);

    /// <summary>True when it was handled already. Where the user went back on purpose, nothing is a duplicate.</summary>
    public async ValueTask<bool> IsDuplicateAsync(ReceivedMessage message, UInt128 id, CancellationToken cancellationToken)
    {
        if (message.Position.Offset <= message.Partition.ReplayedUpTo || !await window.ContainsAsync(id, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        PipelineMeter.DuplicatesDropped.Add(1);
        return true;
    }

    /// <summary>How long to wait before asking again a store that failed.</summary>
    public TimeSpan PauseAfter(Exception error)
    {
        var delay = retry.DelayAfter(AskAgain, Chance.Random);
        Log.DuplicatesRetried(logger, topic, delay, error);
        return delay;
    }

    /// <summary>Keeps the id and then finishes the message; given up with its partition, the message comes again. Never throws.</summary>
    public async Task KeepAsync(ReceivedMessage message, UInt128 id, bool release, CancellationToken abandon)
    {
        var kept = false;
        try
        {
            kept = await UntilKeptAsync(message, id, abandon).ConfigureAwait(false);
        }
        finally
        {
            message.Finish(kept);
            if (release)
            {
                message.Partition.Release();
            }
        }
    }

    private async Task<bool> UntilKeptAsync(ReceivedMessage message, UInt128 id, CancellationToken abandon)
    {
        for (var attempt = 1; !abandon.IsCancellationRequested; attempt++)
        {
            try
            {
                await window.AddAsync(id, abandon).ConfigureAwait(false);
                return true;
            }
            catch (Exception e)
            {
                var delay = retry.DelayAfter(attempt, Chance.Random);
                Log.DuplicatesRetried(logger, topic, delay, e);
                var closing = message.Partition.Closing;
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
