using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging;

namespace DashStream.Conformance;

/// <summary>
/// Looks for a secret in everything that is told: every log line at every level with its state and error, every span, every tag of a measurement, and what a test
/// shows it. For tests of a provider's settings: fill its options with <see cref="PutInto"/>, use it as the logger, make the provider fail in every way, show what it
/// said to <see cref="Look(string, object?)"/>, and assert that <see cref="Leaks"/> is empty. Thread-safe; sees only what is told while it lives.
/// </summary>
public sealed class CanaryWatch : ILogger, IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _leaks = new();
    private readonly ActivityListener _spans;
    private readonly MeterListener _meters = new();
    private long _looked;

    /// <summary>Begins to watch.</summary>
    public CanaryWatch()
    {
        _spans = new ActivityListener
        {
            ShouldListenTo = static _ => true,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = Look,
        };
        ActivitySource.AddActivityListener(_spans);
        _meters.InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument);
        _meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Look(instrument, tags));
        _meters.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Look(instrument, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Look(instrument, tags));
        _meters.Start();
    }

    /// <summary>Unlike any other text, and found by the default rules of redaction.</summary>
    public string Secret { get; } = $"sk-canary{Guid.NewGuid():N}";

    /// <summary>Where the secret was seen.</summary>
    public IReadOnlyCollection<string> Leaks => [.. _leaks.Distinct()];

    /// <summary>How many texts were looked at.</summary>
    public long Looked => Interlocked.Read(ref _looked);

    /// <summary>Asks the instruments that tell only when asked.</summary>
    public void Observe() => _meters.RecordObservableInstruments();

    /// <summary>
    /// Sets every text property of an options object to the secret, at any depth of options within options; so a property that is added is filled too.
    /// </summary>
    /// <param name="options">The object.</param>
    /// <param name="harmless">Properties that are no secrets and stay as they are: names, addresses, places of files.</param>
    /// <returns>The names of what was set.</returns>
    public IReadOnlyList<string> PutInto(object options, params string[] harmless)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(harmless);
        var filled = new List<string>();
        foreach (var property in options.GetType().GetProperties().Where(property => property.GetIndexParameters().Length == 0 && !harmless.Contains(property.Name)))
        {
            if (property.PropertyType == typeof(string) && property.CanWrite)
            {
                property.SetValue(options, Secret);
                filled.Add(property.Name);
            }
            else if (property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal) && property.GetValue(options) is { } inner)
            {
                filled.AddRange(PutInto(inner, harmless).Select(name => $"{property.Name}.{name}"));
            }
        }

        return filled;
    }

    /// <summary>Looks at something that was told: a text, an error with everything in it, or many.</summary>
    public void Look(string where, object? value)
    {
        Interlocked.Increment(ref _looked);
        if (TextsOf(value).Any(text => text.Contains(Secret, StringComparison.OrdinalIgnoreCase)))
        {
            _leaks.Enqueue(where);
        }
    }

    /// <summary>Looks at bytes as text.</summary>
    public void LookAtBytes(string where, ReadOnlySpan<byte> bytes) => Look(where, Encoding.UTF8.GetString(bytes));

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        Look("a log scope", state);
        return null;
    }

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var where = $"log line {eventId.Id} ({logLevel})";
        Look(where, formatter(state, exception));
        Look(where, state);
        Look(where, exception);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _spans.Dispose();
        _meters.Dispose();
        return ValueTask.CompletedTask;
    }

    private static IEnumerable<string> TextsOf(object? value) => value switch
    {
        null => [],
        string text => [text],
        Exception error => [error.ToString(), .. error.Data.Values.Cast<object?>().SelectMany(TextsOf), .. TextsOf(error.InnerException)],
        IEnumerable<KeyValuePair<string, object?>> pairs => pairs.SelectMany(pair => TextsOf(pair.Value).Append(pair.Key)),
        IEnumerable many => many.Cast<object?>().SelectMany(TextsOf),
        _ => [value.ToString() ?? ""],
    };

    private void Look(Activity span)
    {
        var where = $"span '{span.OperationName}' of {span.Source.Name}";
        Look(where, span.DisplayName);
        Look(where, span.StatusDescription);
        Look(where, span.TagObjects);
        Look(where, span.Events.SelectMany(one => one.Tags).Concat(span.Links.SelectMany(link => link.Tags ?? [])));
    }

    private void Look(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        Look($"instrument {instrument.Name}", (IEnumerable<KeyValuePair<string, object?>>)tags.ToArray());
}
