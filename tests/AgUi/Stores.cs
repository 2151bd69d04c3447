using DashStream.Providers;

namespace DashStream.AgUi.Tests;

/// <summary>Opens the stores of a test by name; what they leave in files goes with it.</summary>
internal sealed class Stores : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    /// <summary>A store in the test's folder for <c>file</c>, else one in memory.</summary>
    public IStreamProvider Open(string kind) => kind == "file" ? new FileProvider(_folder) : new MemoryProvider();

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
