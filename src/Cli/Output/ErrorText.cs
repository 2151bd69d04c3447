namespace DashStream.Cli.Output;

/// <summary>Errors for people: what happened, and what caused it. Secrets of the call are taken out where it is written.</summary>
internal static class ErrorText
{
    private const int MostCauses = 5;
    private const string PointerOfLibraries = "see the inner exception";

    /// <summary>The message in one line, with the causes behind it.</summary>
    public static string InOneLine(Exception error) => string.Join("; cause: ", [MessageOf(error), .. CausesOf(error)]);

    /// <summary>The message, and a line for each cause.</summary>
    public static IEnumerable<string> Lines(Exception error) => [$"error: {MessageOf(error)}", .. CausesOf(error).Select(cause => $"  cause: {cause}")];

    private static IEnumerable<string> CausesOf(Exception error)
    {
        var said = error.Message;
        foreach (var cause in InnerOf(error).Take(MostCauses))
        {
            // Some wrap an error in one with the same words.
            if (!said.Contains(cause.Message, StringComparison.Ordinal))
            {
                yield return $"{cause.GetType().Name}: {MessageOf(cause)}";
                said += "\n" + cause.Message;
            }
        }
    }

    private static IEnumerable<Exception> InnerOf(Exception error)
    {
        IEnumerable<Exception> inner = error is AggregateException many ? many.InnerExceptions : error.InnerException is { } one ? [one] : [];
        foreach (var cause in inner)
        {
            if (cause is not AggregateException)
            {
                yield return cause;
            }

            foreach (var deeper in InnerOf(cause))
            {
                yield return deeper;
            }
        }
    }

    private static string MessageOf(Exception error) =>
        error.Message.Replace(PointerOfLibraries, "see the cause", StringComparison.Ordinal).ReplaceLineEndings(" ").Trim();
}
