namespace DashStream.Tests.Client;

/// <summary>A sink that keeps its letters in memory and does with each what the test says.</summary>
internal sealed class KeptLetters : IDeadLetterSink
{
    private readonly Lock _gate = new();
    private readonly List<DeadLetter> _letters = [];

    /// <summary>Runs before a letter is kept; null keeps it at once.</summary>
    public Func<DeadLetter, Task>? Store { get; set; }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _letters.Count;
            }
        }
    }

    public DeadLetter Single()
    {
        lock (_gate)
        {
            return _letters.Single();
        }
    }

    public async ValueTask StoreAsync(DeadLetter letter, CancellationToken cancellationToken = default)
    {
        await (Store?.Invoke(letter) ?? Task.CompletedTask);
        lock (_gate)
        {
            _letters.Add(letter);
        }
    }
}
