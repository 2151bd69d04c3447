using AgentDemo.Tools;
using DashStream;

namespace AgentDemo.Agent;

/// <summary>Nodes that run one after the other; each says which comes next. Everything is told to the run's record.</summary>
/// <param name="nodes">The nodes by name. A node gives the name of the next one, or null at the end.</param>
internal sealed class Graph(IReadOnlyDictionary<string, Func<AgentState, string?>> nodes)
{
    /// <param name="state">What the agent knows; goes on from there.</param>
    /// <param name="first">The node to begin with; null when everything was done before.</param>
    /// <param name="run">The record.</param>
    /// <param name="afterNode">Called after each node with the state and the name of the next one, null at the end: the place to save a checkpoint.</param>
    public async Task RunAsync(AgentState state, string? first, DashStreamRun run, Func<AgentState, string?, Task> afterNode)
    {
        run.State(state.Json);
        for (string? node = first, from = null; node is not null;)
        {
            if (from is not null)
            {
                run.Edge(from, node);
            }

            var next = RunNode(node, state, run);
            await afterNode(state, next);
            (from, node) = (node, next);
        }
    }

    private string? RunNode(string name, AgentState state, DashStreamRun run)
    {
        using var node = run.Node(name);
        try
        {
            var next = nodes[name](state);
            run.State(state.Json);
            return next;
        }
        catch (ToolException e)
        {
            node.Fail(e);
            throw;
        }
    }
}
