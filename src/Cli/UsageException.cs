namespace DashStream.Cli;

/// <summary>The command line asks for something that cannot be, found only when options are looked at together.</summary>
internal sealed class UsageException(string message) : Exception(message);
