namespace DashStream.Bench;

/// <summary>A case cannot run here; the message says what is missing.</summary>
internal sealed class BenchSkippedException(string message) : Exception(message);
