using AgentDemo.Agent;
using AgentDemo.Library;
using DashStream;

namespace AgentDemo;

/// <summary>Lets the agent answer all questions, side by side, and records each as a run in a thread of its own.</summary>
internal sealed class AgentRecording(DashStreamClient client, NoteLibrary library, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <returns>How many messages are stored.</returns>
    /// <exception cref="IOException">Not everything could be stored.</exception>
    public async Task<long> RunAsync(string topic, CancellationToken cancellationToken)
    {
        await using var runs = new DashStreamRuns(client, topic, time: time);
        await Task.WhenAll(Questions.All.Select(question => Task.Run(async () =>
        {
            using var run = runs.Start(question.ThreadId, ResearchAgent.Description, attributes: [("question", question.Text), ("model", RuleBasedModel.Name)]);
            await new ResearchAgent(library, run).RunAsync(question.Text);
            run.Complete(("success", true));
        }, cancellationToken)));

        var counts = await runs.FlushAsync(Patience, cancellationToken);
        return counts.Total.Stored == counts.Total.Recorded
            ? counts.Total.Stored
            : throw new IOException($"Of {counts.Total.Recorded} messages only {counts.Total.Stored} are stored.", counts.LastError);
    }
}
