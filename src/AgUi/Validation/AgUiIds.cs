namespace DashStream.AgUi;

/// <summary>The ids that a run has used, bounded.</summary>
internal sealed class AgUiIds(AgUiValidatorOptions options, AgUiFindings findings)
{
    private const int LongestQuote = 100;

    private int _count;

    public static string Bounded(string id) => id.Length <= LongestQuote ? id : $"{id[..LongestQuote]}…";

    /// <summary>Counts one more id that is remembered.</summary>
    /// <exception cref="AgUiException">There are too many.</exception>
    public void Count()
    {
        if (_count == options.MaxIds)
        {
            throw new AgUiException(StreamErrorKind.TooLarge, AgUiRule.Schema, findings.Index, null, $"the run uses more than {options.MaxIds} ids (MaxIds)");
        }

        _count++;
    }

    public void Clear() => _count = 0;
}
