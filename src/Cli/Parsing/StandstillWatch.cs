namespace DashStream.Cli.Parsing;

/// <summary>Tells when something looked at again and again has stayed the same for long enough.</summary>
internal sealed class StandstillWatch(TimeProvider time)
{
    private string? _state;
    private long _since;

    /// <summary>Looks again; null is nothing to wait for, and never stands still.</summary>
    public bool HasStoodStill(string? state, TimeSpan patience)
    {
        if (state is null || state != _state)
        {
            _state = state;
            _since = time.GetTimestamp();
            return false;
        }

        return time.GetElapsedTime(_since) >= patience;
    }
}
