namespace DashStream.State;

/// <summary>
/// A checkpoint that cannot be used. <see cref="StreamException.Kind"/> follows from <see cref="Fault"/>: unknown versions and compressions are
/// <see cref="StreamErrorKind.Incompatible"/>, sizes <see cref="StreamErrorKind.TooLarge"/>, a state that is not there
/// <see cref="StreamErrorKind.NotFound"/>, everything else <see cref="StreamErrorKind.Corrupt"/>. States are never quoted.
/// </summary>
public sealed class CheckpointException : StreamException
{
    internal CheckpointException(CheckpointFault fault, string message, Exception? innerException = null)
        : base(KindOf(fault), message, innerException) => Fault = fault;

    /// <summary>Why it was refused.</summary>
    public CheckpointFault Fault { get; }

    private static StreamErrorKind KindOf(CheckpointFault fault) => fault switch
    {
        CheckpointFault.UnsupportedVersion or CheckpointFault.UnsupportedCompression => StreamErrorKind.Incompatible,
        CheckpointFault.TooLarge => StreamErrorKind.TooLarge,
        CheckpointFault.StateMissing => StreamErrorKind.NotFound,
        _ => StreamErrorKind.Corrupt,
    };
}
