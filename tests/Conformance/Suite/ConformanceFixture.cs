namespace DashStream.Conformance;

/// <summary>
/// What the suites need of a provider: one method. Derive once, then add one empty sealed class with <c>[TestClass]</c> for each suite. A new fixture is made
/// for every case and needs a public constructor without parameters.
/// </summary>
public abstract class ConformanceFixture
{
    /// <summary>How long the disposal of a provider, a producer or a consumer may take before its case fails. Default 60 s (times <c>DASHSTREAM_STRESS</c>).</summary>
    public virtual TimeSpan DisposalLimit => Waits.Disposal;

    /// <summary>
    /// Makes the provider under test over the store that <paramref name="setup"/> names. Called several times in one case: with the same folder it must open the
    /// same store again, while the earlier provider may still be open. The suite disposes what it gets. When something outside is missing (a server),
    /// call <c>Assert.Inconclusive</c> with its name, and the case counts as skipped.
    /// </summary>
    public abstract ValueTask<IStreamProvider> OpenProviderAsync(ProviderSetup setup);
}

/// <summary>What a case asks of the provider it is given.</summary>
/// <param name="Directory">A folder that exists and belongs to this store alone. The same folder means the same store; a new store gets an empty one. The
/// suite deletes it. A provider whose store lives elsewhere may ignore it.</param>
/// <param name="CreateMissingTopics">Whether the first use of a missing topic creates it or fails with <see cref="StreamErrorKind.NotFound"/>.</param>
public sealed record ProviderSetup(string Directory, bool CreateMissingTopics);
