namespace DashStream.AgUi;

/// <summary>
/// What a translator holds between two messages of which the later does not depend on the earlier, as a letter: nothing yet (x), a run of others that has ended
/// (f), or a thread recorded from AG-UI without times, in ms or in s (n, m, s; as capitals while its run is open), or one whose run was cut at its beginning (l).
/// </summary>
internal static class AgUiQuiet
{
    public const char Nothing = 'x';
    public const char Finished = 'f';

    public const char Late = 'l';

    private const string States = "xflnmsNMS";

    public static bool IsState(char letter) => States.Contains(letter, StringComparison.Ordinal);

    public static char Of(long unit, bool isRunOpen)
    {
        var letter = unit == 0 ? 'n' : unit == AgUiRestorer.UnitOf("ms") ? 'm' : 's';
        return isRunOpen ? char.ToUpperInvariant(letter) : letter;
    }

    public static (long Unit, bool IsRunOpen) Read(char letter) => (AgUiRestorer.UnitOf(char.ToLowerInvariant(letter) switch { 'm' => "ms", 's' => "s", _ => null }), char.IsUpper(letter) || letter == Late);
}
