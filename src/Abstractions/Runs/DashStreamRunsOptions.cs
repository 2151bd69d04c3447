using DashStream.State;

namespace DashStream;

/// <summary>Settings of <see cref="DashStreamRuns"/>. Read once, when it is made.</summary>
public sealed class DashStreamRunsOptions
{
    private const int MostBatchEvents = 1000;
    private const int LeastPendingBytes = 64 * 1024;

    private static readonly TimeSpan LongestBatchAge = TimeSpan.FromMinutes(1);

    /// <summary>Messages of all runs that may be recorded and not yet decided at once; what comes on top is dropped and counted. Default 10,000; at least 16.</summary>
    public int MaxPendingMessages { get; set; } = 10_000;

    /// <summary>The same in bytes: encoded messages, and states as JSON text. Default 64 MiB; at least 64 KiB.</summary>
    public long MaxPendingBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>What is dropped when there is no room. Default <see cref="RunDropPolicy.DetailsFirst"/>.</summary>
    public RunDropPolicy DropPolicy { get; set; } = RunDropPolicy.DetailsFirst;

    /// <summary>
    /// Whether a call that finds no room for its message throws a <see cref="StreamException"/> (<see cref="StreamErrorKind.Throttled"/>), and whether one throws whose
    /// state cannot be written as JSON. Default false: losses are counted and the application's path stays free of exceptions. Calls that end something, and those
    /// that come after the end, never throw.
    /// </summary>
    public bool ThrowOnLoss { get; set; }

    /// <summary>Events of one run that are sent as one <c>EventBatch</c>. Default 1, which means each by itself; up to 1,000.</summary>
    public int MaxBatchEvents { get; set; } = 1;

    /// <summary>Encoded bytes at which a batch is sent before it is full. Default 64 KiB; at least 1.</summary>
    public int MaxBatchBytes { get; set; } = 64 * 1024;

    /// <summary>How long the first event of a batch waits for others. Default 100 ms; more than zero, at most 1 min.</summary>
    public TimeSpan MaxBatchAge { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>State changes of a run after which the whole state is sent instead of a patch. Default 100; 0 for never.</summary>
    public int FullStateEvery { get; set; } = 100;

    /// <summary>Bytes of patches of a run after which the whole state is sent. Default 1 MiB; 0 for never.</summary>
    public long FullStateAfterPatchBytes { get; set; } = 1024 * 1024;

    /// <summary>State changes of a run after which a checkpoint is sent by itself. Default 0: only when asked for.</summary>
    public int CheckpointEvery { get; set; }

    /// <summary>Limits of states, and the rule for whole states.</summary>
    public StateOptions State { get; set; } = new();

    /// <summary>
    /// Changes a state before it is compared, hashed and sent, such as to take secrets out; gets and returns UTF-8 JSON. Called by the queue's worker, one call
    /// at a time; for the final state in a run's trace, too. A state for which it throws is not sent. Default null.
    /// </summary>
    public Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? StateFilter { get; set; }

    /// <summary>The longest final state that goes into the trace at a run's end, in bytes. Default 256 KiB; 0 for none.</summary>
    public int MaxTraceStateBytes { get; set; } = 256 * 1024;

    /// <summary>Nodes of a run that its trace lists; further ones are counted in its metadata. Default 1,000; at least 0. Errors have the same limit.</summary>
    public int MaxTraceNodes { get; set; } = 1000;

    /// <summary>Deadline of the stop that disposal does. Default 5 s; zero or more.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        (bool IsFault, string Text)[] checks =
        [
            (MaxPendingMessages < 16, $"{nameof(MaxPendingMessages)} is {MaxPendingMessages}; the least is 16"),
            (MaxPendingBytes < LeastPendingBytes, $"{nameof(MaxPendingBytes)} is {MaxPendingBytes}; the least is 64 KiB"),
            (!Enum.IsDefined(DropPolicy), $"{nameof(DropPolicy)} is {(int)DropPolicy}, which is no policy"),
            (MaxBatchEvents is < 1 or > MostBatchEvents, $"{nameof(MaxBatchEvents)} is {MaxBatchEvents}; allowed are 1 to {MostBatchEvents}"),
            (MaxBatchBytes < 1, $"{nameof(MaxBatchBytes)} is {MaxBatchBytes}; the least is 1"),
            (MaxBatchAge <= TimeSpan.Zero || MaxBatchAge > LongestBatchAge, $"{nameof(MaxBatchAge)} is {MaxBatchAge}; allowed are more than zero to {LongestBatchAge}"),
            (FullStateEvery < 0, $"{nameof(FullStateEvery)} is {FullStateEvery}; it cannot be negative"),
            (FullStateAfterPatchBytes < 0, $"{nameof(FullStateAfterPatchBytes)} is {FullStateAfterPatchBytes}; it cannot be negative"),
            (CheckpointEvery < 0, $"{nameof(CheckpointEvery)} is {CheckpointEvery}; it cannot be negative"),
            (MaxTraceStateBytes < 0, $"{nameof(MaxTraceStateBytes)} is {MaxTraceStateBytes}; it cannot be negative"),
            (MaxTraceNodes < 0, $"{nameof(MaxTraceNodes)} is {MaxTraceNodes}; it cannot be negative"),
            (StopTimeout < TimeSpan.Zero, $"{nameof(StopTimeout)} is {StopTimeout}; it cannot be negative"),
        ];
        return checks.Where(check => check.IsFault).Select(check => check.Text);
    }
}
