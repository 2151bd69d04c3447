namespace DashStream.State;

/// <summary>Which patch is measured when it is decided whether to send the whole state instead.</summary>
public enum FullStateRule
{
    /// <summary>
    /// The patch that the DashFlow implementation makes of the same two states, array elements compared by index. Both implementations
    /// then decide alike for every pair of states.
    /// </summary>
    Original,

    /// <summary>Our own patch, which is never longer: histories that lose their beginning go out as patches too.</summary>
    OwnPatch,
}
