using DashStream.Protocol;

namespace DashStream.Runs;

/// <summary>What of an exception goes into a record. Bounded.</summary>
internal static class RunError
{
    private const int MaxTextChars = 8 * 1024;
    private const int MaxStackChars = 32 * 1024;

    public static string TextOf(Exception? error) => Bounded(Read(error, static known => known.Message), MaxTextChars);

    public static string TypeOf(Exception? error) => error?.GetType().FullName ?? "";

    public static string Bounded(string? text) => Bounded(text ?? "", MaxTextChars);

    public static Error MessageOf(Exception error, Error.Types.Severity severity) => new()
    {
        ErrorCode = CodeOf(error),
        Message = TextOf(error),
        StackTrace = Bounded(Read(error, static known => known.ToString()), MaxStackChars),
        ExceptionType = TypeOf(error),
        Severity = severity,
    };

    /// <summary>The kind of a stream's error, otherwise the short name of the exception's type.</summary>
    public static string CodeOf(Exception? error) => error switch
    {
        null => "",
        StreamException stream => stream.Kind.ToString(),
        _ => error.GetType().Name,
    };

    private static string Read(Exception? error, Func<Exception, string?> read)
    {
        try
        {
            return error is null ? "" : read(error) ?? "";
        }
        catch (Exception e)
        {
            // The application's own exception class: its fault must not take the place of the error that is being told.
            return $"({error!.GetType().Name} could not be read: {e.GetType().Name})";
        }
    }

    private static string Bounded(string text, int limit) => text.Length <= limit ? text : string.Concat(text.AsSpan(0, limit), " …");
}
