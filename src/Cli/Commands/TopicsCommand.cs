using System.CommandLine;
using System.Globalization;
using DashStream.Cli.Output;
using Spectre.Console;

namespace DashStream.Cli.Commands;

/// <summary><c>topics URI</c>: what a store holds.</summary>
internal static class TopicsCommand
{
    public static Command Make(Terminal terminal, ProviderFactory stores)
    {
        var store = CommonOptions.Store();
        var format = CommonOptions.Format("text", "text", "jsonl");
        var command = new Command("topics", "List the topics of a store: partitions, records, bytes") { store, format };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.GetRequiredValue(store), parsed.GetValue(format)!, terminal, stores, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string uri, string format, Terminal terminal, ProviderFactory stores, CancellationToken cancellationToken)
    {
        await using var store = stores.OpenExisting(uri);
        var topics = new List<TopicDescription>();
        foreach (var name in await store.Provider.Admin.ListTopicsAsync(cancellationToken))
        {
            if (await store.Provider.Admin.DescribeTopicAsync(name, cancellationToken) is { } topic)
            {
                topics.Add(topic);
            }
        }

        if (format == "jsonl")
        {
            JsonLines.Write(terminal.Out, topics, Write);
        }
        else
        {
            terminal.Tables().Write(TableOf(topics));
        }

        return ExitCodes.Ok;
    }

    private static Table TableOf(List<TopicDescription> topics)
    {
        var table = Tables.New("topic", "partitions", "records", "bytes", "retention");
        foreach (var topic in topics)
        {
            table.AddRow(
                topic.Spec.Name.EscapeMarkup(),
                Tables.Number(topic.Partitions.Count),
                Tables.Number(SumOf(topic, partition => partition.Records)),
                Tables.Number(SumOf(topic, partition => partition.SizeBytes)),
                Retention(topic.Spec));
        }

        return table;
    }

    private static void Write(System.Text.Json.Utf8JsonWriter writer, TopicDescription topic)
    {
        writer.WriteString("topic", topic.Spec.Name);
        writer.WriteStartArray("partitions");
        foreach (var partition in topic.Partitions)
        {
            writer.WriteStartObject();
            writer.WriteNumber("partition", partition.Partition);
            writer.WriteString("begin", partition.Bounds.Begin.ToString(CultureInfo.InvariantCulture));
            writer.WriteString("end", partition.Bounds.End.ToString(CultureInfo.InvariantCulture));
            JsonLines.WriteNumberOrNull(writer, "records", partition.Records);
            JsonLines.WriteNumberOrNull(writer, "size_bytes", partition.SizeBytes);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static long? SumOf(TopicDescription topic, Func<PartitionDescription, long?> of) =>
        topic.Partitions.Any(partition => of(partition) is null) ? null : topic.Partitions.Sum(of);

    private static string Retention(TopicSpec spec) => (spec.RetentionAge, spec.RetentionBytes) switch
    {
        (null, null) => "-",
        ({ } age, null) => $"{age}",
        (null, { } bytes) => $"{Tables.Number(bytes)} bytes",
        ({ } age, { } bytes) => $"{age}, {Tables.Number(bytes)} bytes",
    };
}
