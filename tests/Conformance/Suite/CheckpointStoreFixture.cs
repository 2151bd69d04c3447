using DashStream.State;

namespace DashStream.Conformance;

/// <summary>
/// What <see cref="CheckpointStoreConformance{TFixture}"/> needs of a checkpoint store: one method. A new fixture is made for every case and needs a public
/// constructor without parameters.
/// </summary>
public abstract class CheckpointStoreFixture
{
    /// <summary>Whether a store opened again over the same folder holds what was saved.</summary>
    public abstract bool IsPersistent { get; }

    /// <summary>
    /// Opens the store that the folder names; called several times in one case, with the same folder for the same store, while the earlier one may still be open.
    /// The folder exists and is deleted by the suite. When something outside is missing (a server), call <c>Assert.Inconclusive</c> with its name.
    /// </summary>
    public abstract ValueTask<ICheckpointStore> OpenAsync(string directory);
}
