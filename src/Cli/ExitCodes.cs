namespace DashStream.Cli;

/// <summary>What the process returns; README.md tells users the same.</summary>
internal static class ExitCodes
{
    /// <summary>All done.</summary>
    public const int Ok = 0;

    /// <summary>It failed; one line on standard error says why.</summary>
    public const int Failure = 1;

    /// <summary>Done, but some records or runs could not be read; each was named on standard error.</summary>
    public const int Incomplete = 2;

    /// <summary>What was compared is not the same.</summary>
    public const int Different = 3;

    /// <summary>The command line is wrong (EX_USAGE).</summary>
    public const int Usage = 64;

    /// <summary>Interrupted by Ctrl-C or by a request to end.</summary>
    public const int Interrupted = 130;
}
