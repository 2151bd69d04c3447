using DashStream.State;

namespace DashStream.AgUi;

/// <summary>What a recorder may hold. Not to be changed while a recorder uses it.</summary>
public sealed class AgUiRecorderOptions
{
    private const int TenMebibytes = 10 << 20;

    /// <summary>The most bytes of arguments that are held for all open tool calls. Default 10 MiB; at least 1.</summary>
    public int MaxArgumentBytes { get; set; } = TenMebibytes;

    /// <summary>The limits of states and patches; null for the defaults.</summary>
    public StateOptions? State { get; set; }

    internal static AgUiRecorderOptions Checked(AgUiRecorderOptions? options)
    {
        var used = options ?? new AgUiRecorderOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(used.MaxArgumentBytes, 1);
        return used;
    }
}
