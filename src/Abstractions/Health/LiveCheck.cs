using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DashStream.Health;

/// <summary>Whether the process can go on by itself: no handler has ended with an error, and the provider has not latched a fatal one.</summary>
internal sealed class LiveCheck(StreamCondition condition) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var findings = new Findings();
        var health = await condition.AskAsync(condition.Options.LiveTimeout, cancellationToken).ConfigureAwait(false) ?? condition.Last;
        if (health is { Alive: false })
        {
            findings.Unhealthy($"The provider cannot recover by itself: {health.Description}");
        }

        findings.Data("provider.alive", health?.Alive ?? true);
        foreach (var handler in condition.Handlers)
        {
            findings.Data($"{handler.Title}.state", handler.State.ToString());
            if (handler.State == HandlerState.Failed)
            {
                findings.Unhealthy($"The handler of {handler.Title} ended with {HealthText.Of(handler.Error!)}.");
            }
        }

        return findings.Result("Alive.");
    }
}
