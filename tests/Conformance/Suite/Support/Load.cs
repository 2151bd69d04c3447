using System.Globalization;

namespace DashStream.Conformance;

/// <summary>
/// How much a case sends. <c>DASHSTREAM_STRESS=N</c> multiplies it by N (1 to 100), <c>DASHSTREAM_DEEP=1</c> by ten; positive waits grow with it.
/// </summary>
internal static class Load
{
    private const int Most = 100;
    private const int Deep = 10;

    public static int Stress { get; } = Read();

    public static int Of(int count) => count * Stress;

    private static int Read()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("DASHSTREAM_STRESS"), NumberStyles.None, CultureInfo.InvariantCulture, out var stress))
        {
            return Math.Clamp(stress, 1, Most);
        }

        return Environment.GetEnvironmentVariable("DASHSTREAM_DEEP") == "1" ? Deep : 1;
    }
}
