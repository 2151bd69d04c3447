using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DashStream.Cli.Output;
using Spectre.Console;

namespace DashStream.Cli.Commands;

/// <summary><c>groups URI</c>: who reads what, and how far.</summary>
internal static class GroupsCommand
{
    public static Command Make(Terminal terminal, ProviderFactory stores)
    {
        var store = CommonOptions.Store();
        var topic = CommonOptions.Topic("Only groups of this topic", required: false);
        var format = CommonOptions.Format("text", "text", "jsonl");
        var command = new Command("groups", "List consumer groups: members, committed positions, lag") { store, topic, format };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.GetRequiredValue(store), parsed.GetValue(topic), parsed.GetValue(format)!, terminal, stores, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string uri, string? topic, string format, Terminal terminal, ProviderFactory stores, CancellationToken cancellationToken)
    {
        await using var store = stores.OpenExisting(uri);
        var groups = new List<GroupDescription>();
        foreach (var summary in await store.Provider.Admin.ListGroupsAsync(topic, cancellationToken))
        {
            if (await store.Provider.Admin.DescribeGroupAsync(summary.Topic, summary.Group, cancellationToken) is { } group)
            {
                groups.Add(group);
            }
        }

        if (format == "jsonl")
        {
            JsonLines.Write(terminal.Out, groups, Write);
        }
        else
        {
            terminal.Tables().Write(TableOf(groups));
        }

        return ExitCodes.Ok;
    }

    private static Table TableOf(List<GroupDescription> groups)
    {
        var table = Tables.New("topic", "group", "members", "partition", "committed", "lag", "owner");
        foreach (var group in groups)
        {
            foreach (var partition in group.Partitions)
            {
                table.AddRow(
                    group.Topic.EscapeMarkup(),
                    group.Group.EscapeMarkup(),
                    Tables.Number(group.Members.Count),
                    Tables.Number(partition.Partition),
                    partition.Committed?.ToString(CultureInfo.InvariantCulture) ?? "-",
                    Tables.Number(partition.Lag),
                    (partition.Owner ?? "-").EscapeMarkup());
            }
        }

        return table;
    }

    private static void Write(Utf8JsonWriter writer, GroupDescription group)
    {
        writer.WriteString("topic", group.Topic);
        writer.WriteString("group", group.Group);
        writer.WriteNumber("generation", group.Generation);
        writer.WriteNumber("members", group.Members.Count);
        writer.WriteStartArray("partitions");
        foreach (var partition in group.Partitions)
        {
            writer.WriteStartObject();
            writer.WriteNumber("partition", partition.Partition);
            writer.WriteString("committed", partition.Committed?.ToString(CultureInfo.InvariantCulture));
            JsonLines.WriteNumberOrNull(writer, "lag", partition.Lag);
            writer.WriteString("owner", partition.Owner);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
