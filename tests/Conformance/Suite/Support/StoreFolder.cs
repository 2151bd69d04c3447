namespace DashStream.Conformance;

/// <summary>The folder of one store: a temporary one, or a kept one where the environment names a place to keep stores.</summary>
internal sealed class StoreFolder : IAsyncDisposable
{
    /// <summary>Names a folder in which every fixture keeps one store from run to run.</summary>
    public const string KeepVariable = "DASHSTREAM_CONFORMANCE_KEEP";

    private readonly bool _temporary;

    private StoreFolder(string path, bool temporary)
    {
        Path = path;
        _temporary = temporary;
    }

    public string Path { get; }

    /// <summary>The store that all cases of a fixture may use.</summary>
    public static StoreFolder Of(string fixture) => Environment.GetEnvironmentVariable(KeepVariable) is { Length: > 0 } keep
        ? new StoreFolder(Directory.CreateDirectory(System.IO.Path.Combine(keep, fixture)).FullName, temporary: false)
        : New();

    /// <summary>A store of its own, empty.</summary>
    public static StoreFolder New() => new(Directory.CreateTempSubdirectory("dashstream-conformance-").FullName, temporary: true);

    public ValueTask DisposeAsync()
    {
        if (_temporary && Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }

        return ValueTask.CompletedTask;
    }
}
