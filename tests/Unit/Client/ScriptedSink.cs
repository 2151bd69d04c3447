using System.Collections.Concurrent;

namespace DashStream.Tests.Client;

/// <summary>Keeps dead letters in memory, or refuses them while a test says so.</summary>
internal sealed class ScriptedSink : IDeadLetterSink
{
    private readonly ConcurrentQueue<DeadLetter> _letters = new();
    private volatile Exception? _refusal;
    private int _attempts;

    public Exception? Refusal
    {
        get => _refusal;
        set => _refusal = value;
    }

    public IReadOnlyList<DeadLetter> Letters => [.. _letters];

    public int Attempts => Volatile.Read(ref _attempts);

    public ValueTask StoreAsync(DeadLetter letter, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _attempts);
        if (_refusal is { } refusal)
        {
            return ValueTask.FromException(refusal);
        }

        _letters.Enqueue(letter);
        return ValueTask.CompletedTask;
    }
}
