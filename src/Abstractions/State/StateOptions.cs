namespace DashStream.State;

/// <summary>
/// How large states and patches may be, and when a whole state is sent instead of a patch. Checked while bytes are read, before memory
/// is taken for what they announce. Not to be changed while a call uses it.
/// </summary>
public sealed class StateOptions
{
    private const int OriginalDepth = 127;
    private const int DeepestAllowed = 1000;
    private const int TenMebibytes = 10 << 20;
    private const int LargestAllowed = 256 << 20;

    internal static StateOptions Default { get; } = new();

    /// <summary>
    /// How deep objects and arrays may be nested. Default 127, the most that readers of the ecosystem take; 1 to 1,000.
    /// </summary>
    public int MaxDepth { get; set; } = OriginalDepth;

    /// <summary>The longest state, in bytes of JSON text. Default 10 MiB; 1 to 256 MiB.</summary>
    public int MaxStateBytes { get; set; } = TenMebibytes;

    /// <summary>The longest patch, in bytes of JSON text. Default 10 MiB; 1 to 256 MiB. A comparison that comes out longer replaces the root.</summary>
    public int MaxPatchBytes { get; set; } = TenMebibytes;

    /// <summary>The most operations of a patch. Default 100,000; at least 1. A comparison that needs more replaces the root.</summary>
    public int MaxOperations { get; set; } = 100_000;

    /// <summary>Which patch is measured for the 110 % rule. Default <see cref="FullStateRule.Original"/>.</summary>
    public FullStateRule FullStateRule { get; set; } = FullStateRule.Original;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDepth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxDepth, DeepestAllowed);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStateBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxStateBytes, LargestAllowed);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPatchBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxPatchBytes, LargestAllowed);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxOperations, 1);
    }

    internal static StateOptions Checked(StateOptions? options)
    {
        options?.Validate();
        return options ?? Default;
    }
}
