namespace DashStream.Bench;

/// <summary>
/// One measurement: the same operation done by us and by something to compare with. A class with a parameterless constructor under
/// Cases/ is found by itself. Constructors do no work; <see cref="PrepareAsync"/> does, unmeasured.
/// </summary>
internal interface IBenchCase : IAsyncDisposable
{
    /// <summary>Area and subject, such as codec/encode-small; filters match any part of it.</summary>
    string Name { get; }

    /// <summary>What one operation is, in words.</summary>
    string Operation { get; }

    /// <summary>Our way of doing it.</summary>
    BenchSide Ours { get; }

    /// <summary>What it is compared with.</summary>
    BenchSide Yardstick { get; }

    /// <summary>Further ways of doing it, measured in the same rounds; known when <see cref="PrepareAsync"/> has returned.</summary>
    IReadOnlyList<BenchSide> Beside => [];

    /// <summary>How many operations a round does on each side; null lets the runner find a number that takes long enough to measure.</summary>
    int? OperationsPerRound => null;

    /// <summary>Makes everything both sides need: data, stores, open handles. Called once, before the warm-up.</summary>
    ValueTask PrepareAsync(CancellationToken cancellationToken);
}
