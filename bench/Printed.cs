using System.Globalization;

namespace DashStream.Bench;

/// <summary>What people see of the results.</summary>
internal static class Printed
{
    public static BenchResult Result(BenchResult result)
    {
        Console.WriteLine($"{result.Name}: {Text(result.SpeedRatio)} the yardstick's speed");
        Side("ours", result.Ours);
        Side("yardstick", result.Yardstick);
        foreach (var beside in result.Beside)
        {
            Side("beside", beside.Side);
            Console.WriteLine($"            {Text(beside.SpeedRatio)} the yardstick; ours {Text(beside.OurSpeedRatio)} this");
        }

        return result;
    }

    public static FigureResult Figures(FigureResult result)
    {
        Console.WriteLine($"{result.Name}: {result.Subject}");
        foreach (var figure in result.Figures)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {figure.Value,14:#,0.##} {figure.Unit,-6} {figure.Name}"));
        }

        return result;
    }

    private static string Text(Spread ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio.Median:0.00}x ({ratio.Min:0.00} to {ratio.Max:0.00})");

    private static void Side(string role, SideResult side) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"  {role,-9} {side.OperationsPerSecond.Median,14:#,0}/s {side.AllocatedBytesPerOperation,10:#,0} B each  {side.Name}"));
}
