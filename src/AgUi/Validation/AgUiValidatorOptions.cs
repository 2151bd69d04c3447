using DashStream.State;

namespace DashStream.AgUi;

/// <summary>How AG-UI streams are checked. Not to be changed while a validator uses it.</summary>
public sealed class AgUiValidatorOptions
{
    private const int HundredThousand = 100_000;
    private const int TenMebibytes = 10 << 20;

    /// <summary>What counts as an error. Default <see cref="AgUiStrictness.Protocol"/>.</summary>
    public AgUiStrictness Strictness { get; set; }

    /// <summary>Whether the stream is to share a state: then one without a STATE_SNAPSHOT is warned of. Default false.</summary>
    public bool SharesState { get; set; }

    /// <summary>The most ids of one run that are remembered. Default 100,000; at least 1. A run with more is refused as too large.</summary>
    public int MaxIds { get; set; } = HundredThousand;

    /// <summary>The most bytes of arguments that are held for all open tool calls. Default 10 MiB; at least 1. A run with more is refused as too large.</summary>
    public int MaxArgumentBytes { get; set; } = TenMebibytes;

    /// <summary>The limits of states and patches; null for the defaults.</summary>
    public StateOptions? State { get; set; }

    internal static AgUiValidatorOptions Checked(AgUiValidatorOptions? options)
    {
        var used = options ?? new AgUiValidatorOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(used.MaxIds, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(used.MaxArgumentBytes, 1);
        return used;
    }
}
