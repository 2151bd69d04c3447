using System.Globalization;
using System.Text;

namespace DashStream.Providers;

/// <summary>Where a partition begins after a trim or retention; without the file, with its oldest segment.</summary>
internal static class StartFile
{
    private const string Name = "start";

    public static ulong Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            return 0;
        }

        return ulong.TryParse(File.ReadAllText(path).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            ? start
            : throw new StreamException(StreamErrorKind.Corrupt, $"'{path}' does not hold a number. Remove it to begin with the oldest segment file.");
    }

    public static void Write(string folder, ulong start, bool durable) =>
        AtomicFile.Replace(Path.Combine(folder, Name), Encoding.ASCII.GetBytes(start.ToString(CultureInfo.InvariantCulture) + "\n"), durable);
}
