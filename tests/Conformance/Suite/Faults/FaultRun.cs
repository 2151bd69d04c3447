using System.Collections.Concurrent;

namespace DashStream.Conformance;

/// <summary>
/// One run of a seed: producers send, members of a group come, go and handle, the provider has the faults of the plan. What must hold all the same is checked
/// afterwards: nothing lost, the order of each thread, no commit above an unfinished record, no number given twice, each failure told to somebody.
/// </summary>
public sealed class FaultRun
{
    private const string Group = "g";
    private const int Attempts = 3;

    private readonly IStreamProvider _inner;
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly FaultPlan _plan;
    private readonly FaultScenario _scenario;
    private readonly FaultJournal _journal;
    private readonly IStreamProvider _provider;
    private readonly FaultSends _sends;
    private readonly string _topic;
    private readonly int[] _calls;
    private readonly ConcurrentQueue<string> _broken = new();
    private volatile bool _over;

    private FaultRun(
        IStreamProvider inner, IStreamProvider faulty, FaultScenario scenario, FaultPlan plan, FaultJournal journal, TimeProvider time, TimeSpan limit)
    {
        (_inner, _provider, _scenario, _plan, _journal, _time, _limit) = (inner, faulty, scenario, plan, journal, time, limit);
        _topic = $"faults-{plan.Seed}-{Guid.NewGuid():N}";
        _sends = new FaultSends(_provider, _topic, _scenario, plan, time);
        _calls = new int[_scenario.Messages];
    }

    /// <summary>Runs a seed.</summary>
    /// <param name="provider">A provider that works; not disposed. The run makes a topic of its own.</param>
    /// <param name="seed">The seed: the same seed has the same faults on every provider, and on a clock of its own the same everything.</param>
    /// <param name="time">The clock of everything in the run; null means the system's.</param>
    /// <param name="limit">How long, by that clock, the run may take until the last message is handled; null means a minute.</param>
    public static async Task<FaultReport> RunAsync(IStreamProvider provider, int seed, TimeProvider? time = null, TimeSpan? limit = null)
    {
        ArgumentNullException.ThrowIfNull(provider);
        time ??= TimeProvider.System;
        var (plan, journal) = (new FaultPlan(seed), new FaultJournal());
        var scenario = new FaultScenario(plan);
        var faulty = new FaultInjectingProvider(provider, plan, time, journal) { HandsProducersThrough = scenario.SendsDirectly };
        return await new FaultRun(provider, faulty, scenario, plan, journal, time, limit ?? TimeSpan.FromMinutes(1)).RunAsync();
    }

    private async Task<FaultReport> RunAsync()
    {
        await _inner.Admin.CreateTopicAsync(new TopicSpec(_topic, _scenario.Partitions));
        var members = Task.WhenAll(_scenario.Members.Select(MemberAsync));
        await _sends.RunAsync();
        await UntilHandledAsync(FaultChecks.CopiesOf(await ReadLogAsync()));
        _over = true;
        await members;
        var log = await ReadLogAsync();
        var broken = _broken.Concat(FaultChecks.Of(_journal.Entries, log, _sends.Outcomes, _scenario.RemembersIds)).ToList();
        await _inner.Admin.DeleteTopicAsync(_topic);
        return new FaultReport(_plan.Seed, _scenario.Text, _plan.Happened, _journal.Digest(), broken, [.. _journal.Entries.Select(entry => entry.ToString())]);
    }

    private async Task UntilHandledAsync(IReadOnlyList<IReadOnlyList<StreamPosition>> messages)
    {
        var started = _time.GetTimestamp();
        while (messages.Count(copies => !IsHandled(copies)) is var missing and > 0)
        {
            if (_time.GetElapsedTime(started) > _limit)
            {
                _broken.Enqueue($"lost: {missing} stored messages were not handled within {_limit}");
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), _time);
        }
    }

    private bool IsHandled(IReadOnlyList<StreamPosition> copies) =>
        _scenario.RemembersIds ? copies.Any(_journal.IsDone) : copies.All(_journal.IsDone);

    private async Task MemberAsync(FaultScenario.MemberPlan plan, int member)
    {
        for (var stay = 0; stay < plan.Stays && !_over; stay++)
        {
            await Task.Delay(plan.Away, _time);
            try
            {
                await StayAsync(plan.Stay, $"m{member}", $"m{member}.{stay}");
            }
            catch (StreamException e)
            {
                _broken.Enqueue($"member {member} ended with {e.Kind}: {e.Message}");
            }
        }
    }

    private async Task StayAsync(TimeSpan stay, string name, string who)
    {
        var deadline = TimeSpan.FromSeconds(1);
        await using var consumer = await Retry.WhileTransientAsync(() => DashStreamConsumer.OpenAsync(_provider, _topic, Group, Options(name), _time), _time);
        var run = _scenario.HandlesBatches
            ? consumer.RunBatchesAsync((batch, token) => HandleAsync(batch, who, token))
            : consumer.RunAsync((message, token) => HandleAsync(message, who, token));
        var started = _time.GetTimestamp();
        while (!_over && !run.IsCompleted && (stay == TimeSpan.Zero || _time.GetElapsedTime(started) < stay))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), _time);
            foreach (var halted in consumer.Status.HaltedThreads)
            {
                consumer.ResumeThread(halted.TenantId, halted.ThreadId);
            }
        }

        var stopping = _time.GetTimestamp();
        await consumer.StopAsync(deadline);
        var took = _time.GetElapsedTime(stopping);
        if (took > deadline + FaultChecks.StopSlack)
        {
            _broken.Enqueue($"unbounded stop: it took {took} with a deadline of {deadline}");
        }

        await run;
    }

    // Half of the seeds leave failures to the rules and the dead letters, half decide by themselves.
    private DashStreamConsumerOptions Options(string name)
    {
        var options = CommonOptions(name);
        if (_plan.Seed % 2 == 0)
        {
            options.OnFailure = DecideAsync;
        }
        else
        {
            options.Retry = new RetryPolicy { MaxAttempts = Attempts, BaseDelay = TimeSpan.FromMilliseconds(10), MaxDelay = TimeSpan.FromMilliseconds(200) };
            options.DeadLetters = new FaultLetters(_plan, _journal);
        }

        return options;
    }

    private DashStreamConsumerOptions CommonOptions(string name) => new()
    {
        Stream = new StreamConsumerOptions
        {
            MemberName = name,
            SessionTimeout = TimeSpan.FromSeconds(3),
            HeartbeatInterval = TimeSpan.FromMilliseconds(200),
            MaxBatchRecords = 7,
        },
        MaxConcurrency = _scenario.Concurrency,
        GapPolicy = _scenario.GapPolicy,
        DuplicateWindow = _scenario.RemembersIds ? _scenario.Messages : 0,
        Batch = new BatchOptions { MaxMessages = 5, MaxWait = TimeSpan.FromMilliseconds(10), MaxConcurrency = _scenario.Concurrency },
        MaxInFlight = 20,
        CommitInterval = TimeSpan.FromMilliseconds(50),
        RevokeTimeout = TimeSpan.FromMilliseconds(100),
    };

    private async ValueTask HandleAsync(ReceivedMessage message, string name, CancellationToken cancellationToken)
    {
        var index = FaultSends.IndexOf(message.Message);
        var call = Interlocked.Increment(ref _calls[index]);
        _journal.Taken(message.Position, name);
        _journal.Started(message.Position, name);
        var delay = _scenario.HandlingOf(index, call);
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, _time, cancellationToken);
        }

        if (_scenario.Fails(index, call))
        {
            throw new InvalidOperationException($"Message {index} fails by plan.");
        }

        _journal.Done(message.Position, name);
    }

    // A batch that fails has done nothing and tells of nothing begun; one that succeeds tells of its messages in order.
    private async ValueTask HandleAsync(IReadOnlyList<ReceivedMessage> batch, string who, CancellationToken cancellationToken)
    {
        foreach (var message in batch)
        {
            _journal.Taken(message.Position, who);
        }

        var calls = batch.Select(message => FaultSends.IndexOf(message.Message)).Select(index => (Index: index, Call: Interlocked.Increment(ref _calls[index]))).ToList();
        await Task.Delay(calls.Max(one => _scenario.HandlingOf(one.Index, one.Call)), _time, cancellationToken);
        if (calls.Where(one => _scenario.Fails(one.Index, one.Call)).ToList() is { Count: > 0 } failing)
        {
            throw new InvalidOperationException($"A batch fails by plan, because of {string.Join(", ", failing)}.");
        }

        foreach (var message in batch)
        {
            _journal.Started(message.Position, who);
            _journal.Done(message.Position, who);
        }
    }

    private async ValueTask<FailureAction> DecideAsync(FailedDelivery failed, CancellationToken cancellationToken)
    {
        if (failed.Attempt < Attempts)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10 * failed.Attempt), _time, cancellationToken);
            return FailureAction.Retry;
        }

        _journal.Done(failed.Record.Position!.Value, FaultJournal.DeadLetter);
        return FailureAction.Skip;
    }

    private async Task<IReadOnlyList<StreamRecord>> ReadLogAsync()
    {
        var records = new List<StreamRecord>();
        var topic = await _inner.Admin.DescribeTopicAsync(_topic);
        var left = topic!.Partitions.Where(partition => partition.Bounds.End > partition.Bounds.Begin)
            .ToDictionary(partition => partition.Partition, partition => partition.Bounds.End);
        if (left.Count == 0)
        {
            return records;
        }

        await using var reader = await _inner.OpenConsumerAsync(_topic, new StreamConsumerOptions { Partitions = [.. left.Keys.Order()] });
        while (left.Count > 0)
        {
            var batch = await reader.ReadAsync(TimeSpan.FromSeconds(1));
            records.AddRange(batch.Records);
            foreach (var progress in await reader.GetProgressAsync())
            {
                if (left.TryGetValue(progress.Partition, out var end) && progress.NextOffset >= end)
                {
                    left.Remove(progress.Partition);
                }
            }
        }

        return records;
    }
}
