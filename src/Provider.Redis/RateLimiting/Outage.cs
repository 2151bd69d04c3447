namespace DashStream.Providers;

/// <summary>
/// Begins when the server could not be asked, and is thrown away when it answers. While it lasts, callers are told so at once, and one of them at a time, ever more
/// seldom, finds out whether it is back. A single failure changes nothing: connections end, and the next call makes another. Thread-safe.
/// </summary>
internal sealed class Outage(TimeProvider time)
{
    private const int Tolerated = 1;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private StreamException? _last;
    private TimeSpan _pause;
    private long _failed;
    private int _failures;
    private bool _isProbing;

    /// <summary>The reason not to call the server now; null to call it and then report how it went.</summary>
    public StreamException? Reason()
    {
        lock (_gate)
        {
            if (_failures <= Tolerated)
            {
                return null;
            }

            if (_isProbing || time.GetElapsedTime(_failed) < _pause)
            {
                return _last;
            }

            _isProbing = true;
            return null;
        }
    }

    /// <summary>The server could not be asked.</summary>
    public void Report(StreamException error)
    {
        lock (_gate)
        {
            _failures++;
            _last = error;
            _isProbing = false;
            _failed = time.GetTimestamp();
            _pause = _pause == TimeSpan.Zero ? FirstPause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        }
    }
}
