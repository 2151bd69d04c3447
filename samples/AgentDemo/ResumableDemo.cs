using System.Text;
using System.Text.Json.Nodes;
using AgentDemo.Agent;
using AgentDemo.Library;
using DashStream;
using DashStream.Providers;
using DashStream.State;
using Microsoft.Extensions.DependencyInjection;

namespace AgentDemo;

/// <summary>
/// The same agent, which saves its state after each step. Killed at any moment and started again, it goes on from the last step that was saved, in the same
/// threads, and ends with the state of an undisturbed run.
/// </summary>
internal sealed class ResumableDemo(IServiceProvider services, TextWriter output)
{
    private const int Partitions = 4;
    private const string Next = "next";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DashStreamClient _client = services.GetRequiredService<DashStreamClient>();
    private readonly NoteLibrary _library = services.GetRequiredService<NoteLibrary>();
    private readonly TextWriter _output = TextWriter.Synchronized(output);

    /// <exception cref="IOException">Not everything could be stored.</exception>
    public async Task RunAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        await _client.Provider.Admin.CreateTopicAsync(new TopicSpec(options.Topic, Partitions), cancellationToken);
        await using var store = new FileCheckpointStore(options.Checkpoints!);
        var checkpoints = new StateCheckpoints(store);
        await using var runs = new DashStreamRuns(_client, options.Topic);
        await Task.WhenAll(Questions.All.Select(question => AnswerAsync(runs, checkpoints, question, options.Pace, cancellationToken)));
        var counts = await runs.FlushAsync(Patience, cancellationToken);
        if (counts.Total.Stored + counts.Total.Unchanged != counts.Total.Recorded)
        {
            throw new IOException($"Of {counts.Total.Recorded} messages only {counts.Total.Stored} are stored.", counts.LastError);
        }

        var history = new StateHistory(_client.Provider, options.Topic);
        foreach (var (threadId, _) in Questions.All)
        {
            var final = await history.GetAsync(threadId, StatePoint.Latest, cancellationToken: cancellationToken);
            _output.WriteLine($"{threadId} ended with state {final.Moment.Hash}");
        }
    }

    private async Task AnswerAsync(
        DashStreamRuns runs, StateCheckpoints checkpoints, (string ThreadId, string Text) question, TimeSpan pace, CancellationToken cancellationToken)
    {
        var found = await checkpoints.RecoverAsync(question.ThreadId, cancellationToken: cancellationToken);
        foreach (var bad in found.Bad)
        {
            _output.WriteLine($"{question.ThreadId}: a checkpoint cannot be used: {bad.Error.Message}");
        }

        using var run = runs.Start(question.ThreadId, ResearchAgent.Description, attributes: [("question", question.Text), ("resumed", found.Checkpoint is not null)]);
        var agent = new ResearchAgent(_library, run);
        if (found.Checkpoint is { } checkpoint)
        {
            var next = checkpoint.Metadata[Next] is { Length: > 0 } node ? node : null;
            _output.WriteLine($"resumed {question.ThreadId} before {next ?? "its end"}");
            await agent.ResumeAsync(new AgentState(JsonNode.Parse(checkpoint.Moment.State.Span)!.AsObject()), next, SaveAsync);
        }
        else
        {
            await agent.RunAsync(question.Text, SaveAsync);
        }

        run.Complete(("success", true));

        async Task SaveAsync(AgentState state, string? next)
        {
            var json = Encoding.UTF8.GetBytes(state.Json.ToJsonString());
            await checkpoints.SaveAsync(question.ThreadId, json, new Dictionary<string, string> { [Next] = next ?? "" }, cancellationToken: cancellationToken);
            _output.WriteLine($"saved {question.ThreadId} before {next ?? "its end"}");
            await Task.Delay(pace, cancellationToken);
        }
    }
}
