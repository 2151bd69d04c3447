namespace DashStream;

/// <summary>Settings of <see cref="GenAiRecording"/>. Read once, when it is made.</summary>
public sealed class GenAiRecordingOptions
{
    /// <summary>
    /// The activity sources to listen to; <c>*</c> stands for any text, case does not matter. Default: Microsoft.Extensions.AI, Semantic Kernel, Microsoft Agent
    /// Framework with its workflows, and the OpenAI and Azure AI clients. Spans of these sources that are not about generative AI are passed over.
    /// </summary>
    public IList<string> Sources { get; } =
    [
        "Experimental.Microsoft.Extensions.AI*",
        "Microsoft.SemanticKernel*",
        "Experimental.Microsoft.Agents.AI*",
        "Microsoft.Agents.AI*",
        "OpenAI.*",
        "Experimental.OpenAI.*",
        "Azure.AI.*",
        "Experimental.Azure.AI.*",
    ];

    /// <summary>
    /// Whether messages, instructions, tool arguments and results are recorded where spans carry them; sources put them there only when the application asks for
    /// sensitive data. Default true.
    /// </summary>
    public bool RecordContent { get; set; } = true;

    /// <summary>The longest single text taken over from a span, in bytes of UTF-8; of a longer one its length is recorded. Default 256 KiB; at least 0.</summary>
    public int MaxTextBytes { get; set; } = 256 * 1024;

    /// <summary>The tenant of what is recorded outside of runs; empty (default) for the producer's.</summary>
    public string TenantId { get; set; } = "";

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (Sources.Count == 0 || Sources.Any(string.IsNullOrWhiteSpace))
        {
            yield return $"{nameof(Sources)} is empty or holds a blank name";
        }

        if (MaxTextBytes < 0)
        {
            yield return $"{nameof(MaxTextBytes)} is {MaxTextBytes}; it cannot be negative";
        }
    }
}
