namespace DashStream.Analysis;

/// <summary>Input that cannot be imported. Says which file, which run in it and which member; its kind is <see cref="StreamErrorKind.Corrupt"/>.</summary>
public sealed class ImportException : StreamException
{
    /// <summary>An error at a place of the input.</summary>
    /// <param name="file">The input's name, as the user gave it.</param>
    /// <param name="run">Number of the run, from 1, or null when the fault is not inside one run.</param>
    /// <param name="member">The member, such as <c>traj[3].role</c>, or null when it is the whole run or file.</param>
    /// <param name="fault">What is wrong with it, without a full stop.</param>
    /// <param name="innerException">The parser's own error.</param>
    public ImportException(string file, long? run, string? member, string fault, Exception? innerException = null)
        : base(StreamErrorKind.Corrupt, Describe(file, run, member, fault), innerException)
    {
        File = file;
        Run = run;
        Member = member;
    }

    /// <summary>The input's name.</summary>
    public string File { get; }

    /// <summary>Number of the run, from 1, or null.</summary>
    public long? Run { get; }

    /// <summary>Path of the member inside the run, or null.</summary>
    public string? Member { get; }

    private static string Describe(string file, long? run, string? member, string fault)
    {
        var where = (run, member) switch
        {
            (null, null) => file,
            (null, _) => $"{file}, {member}",
            (_, null) => $"{file}, run {run}",
            _ => $"{file}, run {run}, {member}",
        };
        return $"{where}: {fault}.";
    }
}
