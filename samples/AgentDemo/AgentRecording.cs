using AgentDemo.Agent;
using AgentDemo.Library;
using AgentDemo.Recording;
using DashStream;

namespace AgentDemo;

/// <summary>Lets the agent answer all questions, side by side, and records each as a thread.</summary>
internal sealed class AgentRecording(DashStreamClient client, NoteLibrary library, TimeProvider time)
{
    /// <returns>How many messages are stored.</returns>
    public async Task<long> RunAsync(string topic, CancellationToken cancellationToken)
    {
        var producer = await client.GetProducerAsync(topic, cancellationToken);
        var recorders = await Task.WhenAll(Questions.All.Select(async question =>
        {
            var recorder = new RunRecorder(producer, question.ThreadId, time);
            await new ResearchAgent(library, recorder).RunAsync(question.Text);
            return recorder;
        }));
        return recorders.Sum(recorder => recorder.Stored);
    }
}
