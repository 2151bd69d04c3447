using System.Security;

namespace DashStream.Providers;

/// <summary>Turns what the file system says into a <see cref="StreamException"/>.</summary>
internal static class FileErrors
{
    private const int NoSuchFile = 2;
    private const int IoError = 5;
    private const int TryAgain = 11;
    private const int TryAgainBsd = 35;
    private const int Busy = 16;
    private const int TooManyInSystem = 23;
    private const int TooManyOpen = 24;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int OverQuota = 122;
    private const int OverQuotaBsd = 69;
    private const int WindowsNoSpace = unchecked((int)0x80070070);
    private const int WindowsHandleFull = unchecked((int)0x80070027);
    private const int WindowsSharing = unchecked((int)0x80070020);

    /// <summary>Whether the file system itself caused the exception; anything else is a mistake of ours and is not dressed up.</summary>
    public static bool IsForeign(Exception e) => e is IOException or UnauthorizedAccessException or SecurityException;

    /// <summary>Whether an open failed because somebody holds the file locked.</summary>
    public static bool IsSharingViolation(IOException e) => e.HResult is TryAgain or TryAgainBsd or WindowsSharing;

    /// <summary>The typed error; <paramref name="doing"/> completes the sentence "Cannot ...".</summary>
    public static StreamException Map(Exception e, string doing) => e as StreamException ?? new StreamException(KindOf(e), $"Cannot {doing}: {Advice(e)}", e);

    private static StreamErrorKind KindOf(Exception e) => e switch
    {
        UnauthorizedAccessException or SecurityException => StreamErrorKind.Unauthorized,
        DirectoryNotFoundException or FileNotFoundException => StreamErrorKind.NotFound,
        PathTooLongException => StreamErrorKind.InvalidRequest,
        IOException { HResult: NoSpace or OverQuota or OverQuotaBsd or WindowsNoSpace or WindowsHandleFull } => StreamErrorKind.Full,
        IOException { HResult: ReadOnlyFileSystem } => StreamErrorKind.Unauthorized,
        IOException { HResult: NoSuchFile } => StreamErrorKind.NotFound,
        IOException { HResult: TryAgain or Busy or TooManyInSystem or TooManyOpen or WindowsSharing } => StreamErrorKind.Transient,
        _ => StreamErrorKind.Fatal,
    };

    private static string Advice(Exception e) => KindOf(e) switch
    {
        StreamErrorKind.Full => "the disk or quota is full. Nothing of this step was kept; make room and try again.",
        StreamErrorKind.Unauthorized => "the folder is read-only or the permission is missing.",
        StreamErrorKind.NotFound => "the file or folder is gone.",
        _ => e.HResult == IoError ? "the disk reports an input/output error." : e.Message,
    };
}
