namespace DashStream.Providers;

/// <summary>Somebody who waits until records are decided. Guarded by the <see cref="SendLedger"/>, but for the completion.</summary>
/// <param name="before">Records of later numbers are not waited for.</param>
/// <param name="left">How many are.</param>
internal sealed class FlushWait(long before, long left)
{
    private readonly TaskCompletionSource<FlushReceipt> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<FlushReceipt> Task => _completion.Task;

    public long Before { get; } = before;

    public long Left { get; set; } = left;

    /// <summary>Whether the count starts anew with its receipt.</summary>
    public bool TakesReceipt { get; init; } = true;

    /// <summary>What it is given when its waiting is over.</summary>
    public FlushReceipt Receipt { get; set; }

    /// <summary>Lets go on who waits.</summary>
    public void Complete() => _completion.TrySetResult(Receipt);
}
