using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DashStream.Health;

/// <summary>Whether the backend answers now, and handlers get on with their work.</summary>
internal sealed class ReadyCheck(StreamCondition condition) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var findings = new Findings();
        var answers = await LookAtProviderAsync(findings, cancellationToken).ConfigureAwait(false);
        foreach (var handler in condition.Handlers)
        {
            await LookAtAsync(handler, answers, findings, cancellationToken).ConfigureAwait(false);
        }

        for (var i = 0; i < condition.Spools.Count; i++)
        {
            LookAt(condition.Spools[i], condition.Spools.Count == 1 ? "spool" : $"spool.{i + 1}", findings);
        }

        return findings.Result("Ready.");
    }

    private async ValueTask<bool> LookAtProviderAsync(Findings findings, CancellationToken cancellationToken)
    {
        var health = await condition.AskAsync(condition.Options.ReadyTimeout, cancellationToken).ConfigureAwait(false);
        findings.Data("provider.ready", health is { Ready: true });
        if (health is null)
        {
            findings.Unhealthy($"The backend did not answer within {condition.Options.ReadyTimeout}.");
            return false;
        }

        if (!health.Ready || !health.Alive)
        {
            findings.Unhealthy(health.Description);
        }

        foreach (var warning in health.Warnings)
        {
            findings.Degraded(warning);
        }

        return health.Ready;
    }

    private async ValueTask LookAtAsync(HandlerService handler, bool answers, Findings findings, CancellationToken cancellationToken)
    {
        var title = handler.Title;
        findings.Data($"{title}.state", handler.State.ToString());
        if (handler is { State: HandlerState.Running, Running: { } consumer })
        {
            var lag = answers ? await LagAsync(consumer, cancellationToken).ConfigureAwait(false) : null;
            if (lag is { } records)
            {
                findings.Data($"{title}.lag", records);
            }

            LookAt(title, consumer, lag, findings);
            return;
        }

        var cause = handler.Error is { } error ? $" ({HealthText.Of(error)})" : "";
        findings.Unhealthy($"{title}: {handler.State switch
        {
            HandlerState.Failed => "the handler ended with an error",
            HandlerState.Stopped => "the handler was stopped",
            _ => "the handler is not reading yet",
        }}{cause}.");
    }

    private void LookAt(string title, DashStreamConsumer consumer, long? lag, Findings findings)
    {
        var status = consumer.Status;
        var standing = condition.StandingFor(consumer, status.Finished, status.InFlight > 0 || lag > 0);
        findings.Data($"{title}.in_flight", status.InFlight);
        findings.Data($"{title}.finished", status.Finished);
        findings.Data($"{title}.waiting_for_retry", status.WaitingForRetry);
        findings.Data($"{title}.unstored_dead_letters", status.UnstoredDeadLetters);
        if (standing >= condition.Options.NoProgressAfter)
        {
            findings.Unhealthy($"{title}: no progress for {standing.TotalSeconds:F0} s with {status.InFlight} records taken in and a lag of {lag?.ToString() ?? "unknown size"}.");
        }

        if (status.UnstoredDeadLetters > 0 && status.DeadLetterError is { } error)
        {
            findings.Unhealthy($"{title}: {status.UnstoredDeadLetters} dead letters cannot be stored ({HealthText.Of(error)}); the commit of their partitions stands.");
        }

        if (status.WaitingForRetry > 0)
        {
            findings.Degraded($"{title}: {status.WaitingForRetry} messages failed and wait to be tried again.");
        }

        if (status.HaltedThreads.Count > 0)
        {
            findings.Data($"{title}.halted_threads", status.HaltedThreads.Count);
            findings.Degraded($"{title}: {status.HaltedThreads.Count} threads are halted because numbers are missing; see {nameof(DashStreamConsumer)}.{nameof(DashStreamConsumer.ResumeThread)}.");
        }

        if (status.PausedPartitions.Count > 0)
        {
            findings.Degraded($"{title}: partitions {string.Join(", ", status.PausedPartitions)} are paused by the application.");
        }

        if (status.HeldPartitions.Count > 0)
        {
            findings.Degraded($"{title}: partitions {string.Join(", ", status.HeldPartitions)} are paused because too much lies behind an unfinished record.");
        }
    }

    // Without what the application paused: nobody is to blame for that.
    private async ValueTask<long?> LagAsync(DashStreamConsumer consumer, CancellationToken cancellationToken)
    {
        try
        {
            using var limit = new CancellationTokenSource(condition.Options.ReadyTimeout, condition.Time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            var paused = consumer.Status.PausedPartitions;
            var progress = await consumer.GetProgressAsync(linked.Token).OrLeaveAsync(linked.Token).ConfigureAwait(false);
            var counted = progress.Where(partition => !paused.Contains(partition.Partition) && partition.Lag is not null).ToList();
            return counted.Count == 0 ? null : counted.Sum(partition => partition.Lag);
        }
        catch (Exception e) when (e is StreamException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The backend answered a moment ago; what it cannot tell now is not known.
            return null;
        }
    }

    private static void LookAt(SpoolingDeadLetterSink spool, string title, Findings findings)
    {
        try
        {
            var status = spool.GetStatus();
            findings.Data($"{title}.letters", status.Letters);
            findings.Data($"{title}.bytes", status.Bytes);
            findings.Data($"{title}.put_aside", status.PutAside);
            if (status.Letters > 0)
            {
                var cause = status.LastError is { } error ? $" ({HealthText.Of(error)})" : "";
                findings.Degraded($"{status.Letters} dead letters wait in the spool{cause}.");
            }

            if (status.PutAside > 0)
            {
                findings.Degraded($"{status.PutAside} spooled dead letters were put aside and want to be looked at.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            findings.Degraded($"The spool of dead letters cannot be read ({HealthText.Of(e)}).");
        }
    }
}
