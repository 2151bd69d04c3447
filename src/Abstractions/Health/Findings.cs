using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DashStream.Health;

/// <summary>What one check found: the worst state, a sentence for each finding, and data. For one check.</summary>
internal sealed class Findings
{
    private readonly List<string> _sentences = [];
    private readonly Dictionary<string, object> _data = [];
    private HealthStatus _status = HealthStatus.Healthy;

    public void Unhealthy(string sentence) => Add(HealthStatus.Unhealthy, sentence);

    public void Degraded(string sentence) => Add(HealthStatus.Degraded, sentence);

    public void Data(string name, object value) => _data[name] = value;

    /// <summary>The result; <paramref name="well"/> is what it says when nothing was found.</summary>
    public HealthCheckResult Result(string well) => new(_status, _sentences.Count == 0 ? well : string.Join(" ", _sentences), exception: null, _data);

    private void Add(HealthStatus status, string sentence)
    {
        // Unhealthy is the lowest of them.
        _status = status < _status ? status : _status;
        _sentences.Add(sentence);
    }
}
