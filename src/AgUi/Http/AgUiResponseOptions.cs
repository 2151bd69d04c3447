namespace DashStream.AgUi;

/// <summary>How an answer with AG-UI events is checked. Not to be changed while a call uses it.</summary>
public sealed class AgUiResponseOptions
{
    /// <summary>How the events are checked; null, the default, for all that breaks the protocol.</summary>
    public AgUiValidatorOptions? Validation { get; set; }

    /// <summary>The limits of single events; null, the default, for the usual ones.</summary>
    public AgUiReaderOptions? Reading { get; set; }

    /// <summary>After how much time without a byte a silence is told of. Default 30 s, less than most proxies wait; more than 0.</summary>
    public TimeSpan MaxSilence { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>By which silences are measured. Default: the system's.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    internal static AgUiResponseOptions Checked(AgUiResponseOptions? options)
    {
        var used = options ?? new AgUiResponseOptions();
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(used.MaxSilence, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(used.Time);
        return used;
    }
}
