using DashStream.Stores;

namespace DashStream.Tests.Groups;

/// <summary>A group store that can be taken down, whose writes can be met by others at the worst moment, and whose clock can be wrong.</summary>
internal sealed class HookedGroupStore(IGroupStore inner) : IGroupStore
{
    private int _replaces;

    /// <summary>When set, every call fails with it.</summary>
    public StreamException? Outage { get; set; }

    /// <summary>When set, no call but a commit answers before it completes, whatever its token says.</summary>
    public Task? Hang { get; set; }

    public int Replaces => _replaces;

    /// <summary>Runs before each replacement, with the number of earlier ones.</summary>
    public Func<int, ValueTask> OnReplace { get; set; } = static _ => ValueTask.CompletedTask;

    /// <summary>Runs after each replacement: what it throws hides the outcome.</summary>
    public Action AfterReplace { get; set; } = static () => { };

    /// <summary>How wrong the store's clock is.</summary>
    public TimeSpan ClockError { get; set; }

    public async ValueTask<GroupState> ReadAsync(string topic, string group, CancellationToken cancellationToken)
    {
        await CheckAsync();
        var state = await inner.ReadAsync(topic, group, cancellationToken);
        return state with { NowUs = state.NowUs + (long)ClockError.TotalMicroseconds };
    }

    public async ValueTask<bool> TryReplaceAsync(string topic, string group, long expectedVersion, ReadOnlyMemory<byte> document,
        IReadOnlyList<PartitionFence> fences, CancellationToken cancellationToken)
    {
        await CheckAsync();
        await OnReplace(_replaces++);
        var replaced = await inner.TryReplaceAsync(topic, group, expectedVersion, document, fences, cancellationToken);
        AfterReplace();
        return replaced;
    }

    public async ValueTask<IReadOnlyList<bool>> CommitAsync(
        string topic, string group, IReadOnlyList<FencedCommit> commits, CancellationToken cancellationToken)
    {
        if (Outage is { } outage)
        {
            throw outage;
        }

        return await inner.CommitAsync(topic, group, commits, cancellationToken);
    }

    public async ValueTask<bool> TryResetAsync(
        string topic, string group, long expectedVersion, IReadOnlyList<PartitionReset> resets, CancellationToken cancellationToken)
    {
        await CheckAsync();
        return await inner.TryResetAsync(topic, group, expectedVersion, resets, cancellationToken);
    }

    public async ValueTask WaitForChangeAsync(string topic, string group, long version, TimeSpan atMost, CancellationToken cancellationToken)
    {
        await CheckAsync();
        await inner.WaitForChangeAsync(topic, group, version, atMost, cancellationToken);
    }

    public ValueTask<IReadOnlyList<(string Topic, string Group)>> ListAsync(string? topic, CancellationToken cancellationToken) =>
        inner.ListAsync(topic, cancellationToken);

    public ValueTask<bool> TryDeleteAsync(string topic, string group, long expectedVersion, CancellationToken cancellationToken) =>
        inner.TryDeleteAsync(topic, group, expectedVersion, cancellationToken);

    private async ValueTask CheckAsync()
    {
        if (Outage is { } outage)
        {
            throw outage;
        }

        if (Hang is { } hang)
        {
            await hang;
        }
    }
}
