namespace DashStream.Providers;

/// <summary>
/// A bound that holds while somebody is expected to take away soon. Once nobody has for too long it holds no more, until half is gone. Used by the poll thread
/// only.
/// </summary>
internal sealed class PatientBound(long limit, TimeSpan patience, TimeProvider time)
{
    private long _since;

    /// <summary>Nobody took away for too long, and more than half is there still.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>Whether to wait with so many.</summary>
    public bool Holds(long bytes)
    {
        if (bytes < limit)
        {
            _since = 0;
            IsGivenUp &= bytes > limit / 2;
            return false;
        }

        if (IsGivenUp)
        {
            return false;
        }

        _since = _since == 0 ? time.GetTimestamp() : _since;
        IsGivenUp = time.GetElapsedTime(_since) >= patience;
        return !IsGivenUp;
    }

    /// <summary>Begins anew.</summary>
    public void Reset()
    {
        _since = 0;
        IsGivenUp = false;
    }
}
