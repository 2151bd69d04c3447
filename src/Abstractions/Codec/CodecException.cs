namespace DashStream;

/// <summary>
/// A message that cannot be encoded, or bytes that are not a message this reader accepts. Nothing else is thrown for bad bytes.
/// </summary>
/// <remarks>
/// <see cref="StreamException.Kind"/> follows from <see cref="Failure"/>: sizes are <see cref="StreamErrorKind.TooLarge"/>, schema
/// versions and missing headers <see cref="StreamErrorKind.Incompatible"/>, a missing library <see cref="StreamErrorKind.Fatal"/> (the
/// machine is at fault, not the record), everything else <see cref="StreamErrorKind.Corrupt"/>. None is cured by trying again.
/// </remarks>
public sealed class CodecException : StreamException
{
    internal CodecException(CodecFailure failure, string message, Exception? inner = null)
        : base(KindOf(failure), message, inner) => Failure = failure;

    /// <summary>Why the message or the bytes were refused.</summary>
    public CodecFailure Failure { get; }

    private static StreamErrorKind KindOf(CodecFailure failure) => failure switch
    {
        CodecFailure.TooLarge or CodecFailure.DecompressedTooLarge => StreamErrorKind.TooLarge,
        CodecFailure.SchemaVersion or CodecFailure.MissingHeader => StreamErrorKind.Incompatible,
        CodecFailure.LibraryMissing => StreamErrorKind.Fatal,
        _ => StreamErrorKind.Corrupt,
    };
}
