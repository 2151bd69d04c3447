using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace DashStream.Providers;

/// <summary>Whether a consumer may still read and commit, and if not, why. Safe for concurrent use.</summary>
internal sealed class ConsumerState(string topic)
{
    private volatile Exception? _failure;
    private volatile bool _stopping;
    private volatile bool _closed;

    /// <summary>A stop was asked for: reads are over, commits go on until everything is given up.</summary>
    public bool IsStopping => _stopping;

    public bool HasFailed => _failure is not null;

    public bool IsOver => _stopping || HasFailed;

    public void Stop() => _stopping = true;

    public void Close() => _closed = true;

    /// <summary>The consumer cannot go on. The first failure counts.</summary>
    public void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null);

    public void ThrowIfOver()
    {
        if (IsOver)
        {
            Throw();
        }
    }

    public void ThrowIfClosed()
    {
        if (_closed)
        {
            Throw();
        }
    }

    [DoesNotReturn]
    private void Throw()
    {
        if (!_stopping && _failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        throw new StreamException(StreamErrorKind.Closed, $"The consumer of topic '{topic}' was stopped; open a new one to go on.");
    }
}
