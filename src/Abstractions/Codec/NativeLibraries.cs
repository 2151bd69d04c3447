using System.Runtime.InteropServices;

namespace DashStream;

/// <summary>Finds a native library by the names it has on the systems we know.</summary>
internal static class NativeLibraries
{
    /// <summary>Loads the first library that is there and has <paramref name="symbol"/>.</summary>
    public static bool TryLoad(IEnumerable<string> names, string symbol, out nint library)
    {
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, typeof(NativeLibraries).Assembly, searchPath: null, out library)
                && NativeLibrary.TryGetExport(library, symbol, out _))
            {
                return true;
            }
        }

        library = 0;
        return false;
    }
}
