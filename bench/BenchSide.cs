namespace DashStream.Bench;

/// <summary>One of the two ways of doing a case's operation.</summary>
/// <param name="Name">What does it, such as a library and its version.</param>
/// <param name="RunAsync">Does the operation as many times as it is told, and returns when all are done.</param>
internal sealed record BenchSide(string Name, Func<int, CancellationToken, ValueTask> RunAsync);
