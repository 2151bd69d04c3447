namespace DashStream.Bench;

/// <summary>
/// A measurement that is no comparison of speeds: latencies, memory over a long run. A class with a parameterless constructor under Cases/ is found by itself.
/// </summary>
internal interface IFigureCase : IAsyncDisposable
{
    /// <summary>Area and subject; filters match any part of it.</summary>
    string Name { get; }

    /// <summary>What is measured, in words.</summary>
    string Subject { get; }

    /// <summary>Whether it takes minutes, and is run only when it is asked for.</summary>
    bool IsLong { get; }

    /// <summary>Measures.</summary>
    Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken);
}

/// <summary>One number with what it is.</summary>
internal sealed record Figure(string Name, double Value, string Unit);

/// <summary>What such a case found, as it is written to the results file.</summary>
internal sealed record FigureResult(string Name, string Subject, IReadOnlyList<Figure> Figures);
