using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace DashStream.Stores;

/// <summary>Whether a consumer may still read, and if not, why. Safe for concurrent use.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer, so nothing is kept by not disposing it; late callers still use its token.")]
internal sealed class ConsumerEnd(string topic)
{
    private readonly CancellationTokenSource _source = new();
    private volatile Exception? _failure;
    private volatile bool _closed;

    /// <summary>Fires when reading is over.</summary>
    public CancellationToken Token => _source.Token;

    public bool IsOver => _closed || _failure is not null;

    /// <summary>The consumer was stopped.</summary>
    public void Close()
    {
        _closed = true;
        _source.Cancel();
    }

    /// <summary>The consumer cannot go on.</summary>
    public void Fail(Exception failure)
    {
        _failure = failure;
        _source.Cancel();
    }

    public void ThrowIfOver()
    {
        if (IsOver)
        {
            Throw();
        }
    }

    [DoesNotReturn]
    public void Throw()
    {
        if (!_closed && _failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        throw new StreamException(StreamErrorKind.Closed, $"The consumer of topic '{topic}' was stopped; open a new one to go on.");
    }
}
