namespace DashStream.AgUi;

/// <summary>How large AG-UI events may be, checked while they are read. Not to be changed while a call uses it.</summary>
public sealed class AgUiReaderOptions
{
    private const int TenMebibytes = 10 << 20;
    private const int DefaultDepth = 127;
    private const int DeepestAllowed = 1000;
    private const int LargestAllowed = 256 << 20;

    internal static AgUiReaderOptions Default { get; } = new();

    /// <summary>The longest event, in bytes of JSON text. Default 10 MiB; 1 to 256 MiB.</summary>
    public int MaxEventBytes { get; set; } = TenMebibytes;

    /// <summary>How deep objects and arrays of an event may be nested. Default 127; 1 to 1,000.</summary>
    public int MaxDepth { get; set; } = DefaultDepth;

    /// <summary>The most fields that an event may have itself. Default 1,000; at least 1.</summary>
    public int MaxFields { get; set; } = 1000;

    /// <summary>Told of an event that cannot be read; true to pass it over and go on. Null, the default, throws.</summary>
    public Func<AgUiException, bool>? SkipMalformed { get; set; }

    internal static AgUiReaderOptions Checked(AgUiReaderOptions? options)
    {
        if (options is null)
        {
            return Default;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxEventBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxEventBytes, LargestAllowed);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxDepth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxDepth, DeepestAllowed);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxFields, 1);
        return options;
    }
}
