namespace DashStream;

/// <summary>
/// Keeps a few native contexts between calls, without locks and without allocations. What does not fit is freed. The pool lives as
/// long as the process, as the library that made the contexts does.
/// </summary>
internal sealed class NativeContextPool(Func<nint> create, Action<nint> free)
{
    private readonly nint[] _slots = new nint[2 * Environment.ProcessorCount];

    /// <summary>Zero when the library is out of memory.</summary>
    public nint Rent()
    {
        for (var i = 0; i < _slots.Length; i++)
        {
            if (_slots[i] != 0 && Interlocked.Exchange(ref _slots[i], 0) is var context and not 0)
            {
                return context;
            }
        }

        return create();
    }

    public void Return(nint context)
    {
        for (var i = 0; i < _slots.Length; i++)
        {
            if (_slots[i] == 0 && Interlocked.CompareExchange(ref _slots[i], context, 0) == 0)
            {
                return;
            }
        }

        free(context);
    }
}
