namespace DashStream.Client;

/// <summary>Counts work that is under way, so that a flush can wait for what began before it and for nothing later. Thread-safe.</summary>
internal sealed class Undecided
{
    private readonly Lock _gate = new();
    private Era _era = new(Task.CompletedTask);
    private long _count;

    /// <summary>How many pieces of work are under way.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Begins a piece of work; give the result to <see cref="End"/>.</summary>
    public Era Begin()
    {
        lock (_gate)
        {
            _count++;
            _era.Open++;
            return _era;
        }
    }

    public void End(Era era)
    {
        lock (_gate)
        {
            _count--;
            if (--era.Open == 0 && era.IsOver)
            {
                era.Emptied.SetResult();
            }
        }
    }

    /// <summary>Completes when everything that has begun is at its end.</summary>
    public Task WhenEnded()
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                return Task.CompletedTask;
            }

            var over = _era;
            over.IsOver = true;
            if (over.Open == 0)
            {
                over.Emptied.SetResult();
            }

            var ended = Task.WhenAll(over.Earlier, over.Emptied.Task);
            _era = new Era(ended);
            return ended;
        }
    }

    /// <summary>What began between two flushes.</summary>
    internal sealed class Era(Task earlier)
    {
        public Task Earlier => earlier;

        public TaskCompletionSource Emptied { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Open { get; set; }

        public bool IsOver { get; set; }
    }
}
