using System.Globalization;
using AgentDemo.Reading;
using DashStream;
using DashStream.Analysis;
using Microsoft.Extensions.DependencyInjection;

namespace AgentDemo;

/// <summary>Record, read back by a group of two, show: the whole demo over whatever provider the services hold.</summary>
internal sealed class Demo(IServiceProvider services, TextWriter output)
{
    private const int Partitions = 4;
    private const int LinesOfImportedRun = 60;
    private const int Width = 140;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DashStreamClient _client = services.GetRequiredService<DashStreamClient>();

    /// <returns>Whether everything sent was read, each thread in order, by both members.</returns>
    public async Task<bool> RunAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        var topic = await NewTopicAsync(options.Topic, cancellationToken);
        output.WriteLine($"provider {_client.Provider.Name}, topic {topic} with {Partitions} partitions");
        var began = TimeProvider.System.GetTimestamp();
        var sent = options.Runs is { } runs ? await ImportAsync(runs, topic, cancellationToken) : await RecordAsync(topic, cancellationToken);
        Say($"recorded {sent:N0} messages in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s");

        began = TimeProvider.System.GetTimestamp();
        var reading = await services.GetRequiredService<GroupReader>().ReadAsync(topic, sent, Patience, cancellationToken);
        Say($"read back in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s by group {GroupReader.Group}");
        output.WriteLine();
        ShowTimelines(reading.Book, onlyOne: options.Runs is not null);
        return Summarize(sent, reading);
    }

    private async Task<long> RecordAsync(string topic, CancellationToken cancellationToken)
    {
        Say($"{Questions.All.Count} questions to an agent with a library of notes; its model is a {Agent.RuleBasedModel.Name} for a language model");
        return await services.GetRequiredService<AgentRecording>().RunAsync(topic, cancellationToken);
    }

    private async Task<long> ImportAsync(string runs, string topic, CancellationToken cancellationToken)
    {
        var (count, messages) = await services.GetRequiredService<RunsImport>().RunAsync(runs, topic, cancellationToken);
        Say($"{count:N0} recorded runs imported from {Path.GetFileName(runs)}");
        return messages;
    }

    /// <summary>A topic that holds nothing yet, so that what is read is what was sent.</summary>
    private async Task<string> NewTopicAsync(string wanted, CancellationToken cancellationToken)
    {
        var admin = _client.Provider.Admin;
        var name = wanted;
        for (var i = 2; await admin.DescribeTopicAsync(name, cancellationToken) is not null; i++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{wanted}-{i}");
        }

        await admin.CreateTopicAsync(new TopicSpec(name, Partitions), cancellationToken);
        return name;
    }

    private void ShowTimelines(ThreadBook book, bool onlyOne)
    {
        var threads = book.Threads.OrderBy(thread => thread.Key, StringComparer.Ordinal).Take(onlyOne ? 1 : int.MaxValue);
        foreach (var (thread, messages) in threads)
        {
            Say($"thread {thread} ({messages.Count:N0} messages)");
            foreach (var line in TimelineText.Lines(messages.Take(onlyOne ? LinesOfImportedRun : int.MaxValue), Width))
            {
                output.WriteLine(line);
            }

            if (onlyOne && messages.Count > LinesOfImportedRun)
            {
                Say($"       … {messages.Count - LinesOfImportedRun:N0} more, and {book.Threads.Count - 1:N0} more threads");
            }

            output.WriteLine();
        }
    }

    private bool Summarize(long sent, GroupReading reading)
    {
        var book = reading.Book;
        var disorder = book.OutOfOrder();
        var again = book.Again == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({book.Again:N0} came twice)");
        var order = disorder.Count == 0 ? "kept in every thread" : "BROKEN in " + string.Join(", ", disorder);
        Say($"sent {sent:N0} {(sent == book.Different ? "=" : "≠")} read {book.Different:N0}{again}, {book.Threads.Count:N0} threads, order {order}");
        foreach (var kinds in book.Threads.Values.SelectMany(messages => messages).GroupBy(message => message.MessageCase).OrderByDescending(kind => kind.Count()))
        {
            Say($"  {kinds.Key,-14} {kinds.Count(),7:N0}");
        }

        foreach (var member in reading.Members)
        {
            Say($"{member.Name}: {member.Handled:N0} messages from partitions {string.Join(", ", member.Partitions)}");
        }

        return sent == book.Different && disorder.Count == 0 && reading.Members.All(member => member.Handled > 0);
    }

    private void Say(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
