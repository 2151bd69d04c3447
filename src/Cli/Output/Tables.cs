using System.Globalization;
using Spectre.Console;

namespace DashStream.Cli.Output;

/// <summary>How tables of this tool look: plain columns, so that they can be cut and searched.</summary>
internal static class Tables
{
    public static Table New(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(column) { NoWrap = true });
        }

        return table;
    }

    public static string Number(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";
}
