namespace DashStream;

/// <summary>Turns what an options class finds wrong with itself into one error.</summary>
internal static class OptionFaults
{
    public static void ThrowIfAny(string options, IEnumerable<string> faults)
    {
        var text = string.Join("; ", faults);
        if (text.Length > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"{options}: {text}.");
        }
    }
}
