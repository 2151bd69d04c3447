namespace DashStream;

/// <summary>What is taken out of messages before they are sent. Read once, when the producer is opened.</summary>
public sealed class RedactionOptions
{
    /// <summary>
    /// Whether the built-in rules hold: API keys and tokens of the usual services, bearer tokens, private keys, credentials in URLs and assignments, e-mail
    /// addresses, card numbers (with a valid check digit), phone numbers, and fields named like a password. Default true.
    /// </summary>
    public bool DefaultRules { get; set; } = true;

    /// <summary>One's own rules; they come before the built-in ones. Empty by default.</summary>
    public List<RedactionRule> Rules { get; set; } = [];

    /// <summary>How long one message may take. Beyond it the message is refused, never sent unredacted. Default 1 s; 1 ms to 1 min.</summary>
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether bytes that cannot be looked into (not UTF-8 text, or compressed by a method that does not work here) get their message refused. Default false:
    /// they are sent as they are.
    /// </summary>
    public bool RefuseOpaqueBytes { get; set; }

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (TimeLimit < TimeSpan.FromMilliseconds(1) || TimeLimit > TimeSpan.FromMinutes(1))
        {
            yield return $"{nameof(TimeLimit)} is {TimeLimit}; allowed are 1 ms to 1 min";
        }

        for (var i = 0; i < Rules.Count; i++)
        {
            if (Rules[i].Fault() is { } fault)
            {
                yield return $"{nameof(Rules)}:{i}:{fault}";
            }
        }
    }
}
