using AgentDemo.Recording;
using DashStream.Protocol;

namespace AgentDemo.Agent;

/// <summary>Nodes that run one after the other; each says which comes next. Everything is told to the recorder.</summary>
/// <param name="name">The graph's name.</param>
/// <param name="start">The first node.</param>
/// <param name="nodes">The nodes by name. A node gives the name of the next one, or null at the end.</param>
internal sealed class Graph(string name, string start, IReadOnlyDictionary<string, Func<AgentState, string?>> nodes)
{
    public async Task RunAsync(AgentState state, RunRecorder recorder)
    {
        var began = recorder.Now;
        recorder.Event(EventType.GraphStart, attributes: [("graph_name", name), ("question", state.Question), ("model", RuleBasedModel.Name)]);
        recorder.State(state.Whole());
        for (string? node = start, from = null; node is not null; from = node, node = await RunNodeAsync(node, state, recorder))
        {
            if (from is not null)
            {
                recorder.Event(EventType.EdgeTraversal, node, attributes: [("from", from), ("to", node)]);
            }
        }

        recorder.Event(EventType.GraphEnd, durationUs: recorder.Since(began), attributes: [("success", true)]);
        await recorder.FlushAsync();
    }

    private async Task<string?> RunNodeAsync(string node, AgentState state, RunRecorder recorder)
    {
        var began = recorder.Now;
        recorder.Event(EventType.NodeStart, node);
        var next = nodes[node](state);
        if (state.TakeChanges() is { } changes)
        {
            recorder.State(changes);
        }

        recorder.Event(EventType.NodeEnd, node, recorder.Since(began));
        await recorder.FlushAsync();
        return next;
    }
}
