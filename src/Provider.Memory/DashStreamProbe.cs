using DashStream.Protocol;
using Microsoft.Extensions.DependencyInjection;

namespace DashStream.Providers;

/// <summary>
/// What a test sees of an application whose streams were swapped for memory: which messages its handlers handled or failed, and what its topics hold.
/// Thread-safe. Keeps every delivery, so it is for tests only.
/// </summary>
public sealed class DashStreamProbe : IDeliveryObserver
{
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly List<ProbedDelivery> _deliveries = [];
    private readonly IServiceProvider _services;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Made by the container.</summary>
    public DashStreamProbe(IServiceProvider services) => _services = services;

    /// <summary>Every delivery so far, in order of its end.</summary>
    public IReadOnlyList<ProbedDelivery> Deliveries
    {
        get
        {
            lock (_gate)
            {
                return [.. _deliveries];
            }
        }
    }

    /// <summary>Waits for a delivery that fits, also one that is over already.</summary>
    /// <param name="fits">What to wait for; null means any that was handled.</param>
    /// <param name="patience">How long; default 10 s.</param>
    /// <exception cref="TimeoutException">Nothing fitted in time; the message says what was delivered.</exception>
    public async Task<ProbedDelivery> WaitForAsync(Func<ProbedDelivery, bool>? fits = null, TimeSpan? patience = null) =>
        (await WaitForAsync(1, fits, patience).ConfigureAwait(false))[0];

    /// <summary>Waits until that many deliveries fit; returns them in order of their end.</summary>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="fits">What to count; null means those that were handled.</param>
    /// <param name="patience">How long; default 10 s.</param>
    /// <exception cref="TimeoutException">Too few fitted in time; the message says what was delivered.</exception>
    public async Task<IReadOnlyList<ProbedDelivery>> WaitForAsync(int count, Func<ProbedDelivery, bool>? fits = null, TimeSpan? patience = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        fits ??= delivery => delivery.Error is null;
        using var limit = new CancellationTokenSource(patience ?? DefaultPatience);
        while (true)
        {
            List<ProbedDelivery> found;
            Task changed;
            lock (_gate)
            {
                found = [.. _deliveries.Where(fits).Take(count)];
                changed = _changed.Task;
            }

            if (found.Count == count)
            {
                return found;
            }

            await changed.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"{found.Count} of {count} deliveries came within {patience ?? DefaultPatience}. Delivered: {Describe()}.");
            }
        }
    }

    /// <summary>Everything a topic holds now, decoded, partition by partition in order.</summary>
    /// <param name="topic">The topic; one that does not exist holds nothing.</param>
    /// <param name="stream">The stream's name; null means the unnamed one.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<DashStreamMessage>> ReadTopicAsync(string topic, string? stream = null, CancellationToken cancellationToken = default)
    {
        var codec = new MessageCodec(new MessageCodecOptions { Decoding = FrameDecoding.Compatible, RequireHeader = false });
        var records = await ReadRecordsAsync(topic, stream, cancellationToken).ConfigureAwait(false);
        return [.. records.Where(record => record.Value is not null).Select(record => codec.Decode(record.Value!.Value))];
    }

    /// <summary>The same as records: keys, headers, tombstones and all.</summary>
    public async Task<IReadOnlyList<StreamRecord>> ReadRecordsAsync(string topic, string? stream = null, CancellationToken cancellationToken = default)
    {
        var provider = stream is null ? _services.GetRequiredService<IStreamProvider>() : _services.GetRequiredKeyedService<IStreamProvider>(stream);
        if (await provider.Admin.DescribeTopicAsync(topic, cancellationToken).ConfigureAwait(false) is not { } description)
        {
            return [];
        }

        var consumer = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions(), cancellationToken).ConfigureAwait(false);
        await using (consumer.ConfigureAwait(false))
        {
            var open = description.Partitions.Where(partition => partition.Bounds.Begin < partition.Bounds.End)
                .ToDictionary(partition => partition.Partition, partition => partition.Bounds.End);
            var records = new List<StreamRecord>();
            while (open.Count > 0)
            {
                var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
                records.AddRange(batch.Records.Where(record => record.Position!.Value.Offset < open.GetValueOrDefault(record.Position.Value.Partition)));
                foreach (var progress in await consumer.GetProgressAsync(cancellationToken).ConfigureAwait(false))
                {
                    if (open.TryGetValue(progress.Partition, out var end) && progress.NextOffset >= end)
                    {
                        open.Remove(progress.Partition);
                    }
                }
            }

            return [.. records.OrderBy(record => record.Position!.Value.Partition).ThenBy(record => record.Position!.Value.Offset)];
        }
    }

    /// <inheritdoc/>
    public void Handled(string topic, string group, ReceivedMessage message) => Add(new ProbedDelivery(topic, group, message, null));

    /// <inheritdoc/>
    public void Failed(string topic, string group, ReceivedMessage message, Exception error) => Add(new ProbedDelivery(topic, group, message, error));

    private void Add(ProbedDelivery delivery)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _deliveries.Add(delivery);
            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
    }

    private string Describe()
    {
        var deliveries = Deliveries;
        return deliveries.Count == 0
            ? "nothing"
            : string.Join(", ", deliveries.GroupBy(delivery => (delivery.Topic, delivery.Group, Failed: delivery.Error is not null))
                .Select(same => $"{same.Count()} {(same.Key.Failed ? "failed" : "handled")} ({same.Key.Topic}, {same.Key.Group})"));
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A delivery to a registered handler.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Group">The group.</param>
/// <param name="Message">The message.</param>
/// <param name="Error">What the handler threw, or null when it handled the message.</param>
public sealed record ProbedDelivery(string Topic, string Group, ReceivedMessage Message, Exception? Error);
