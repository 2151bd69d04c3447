using AgentDemo.Tools;
using DashStream;

namespace AgentDemo.Agent;

/// <summary>Nodes that run one after the other; each says which comes next. Everything is told to the run's record.</summary>
/// <param name="start">The first node.</param>
/// <param name="nodes">The nodes by name. A node gives the name of the next one, or null at the end.</param>
internal sealed class Graph(string start, IReadOnlyDictionary<string, Func<AgentState, string?>> nodes)
{
    public void Run(AgentState state, DashStreamRun run)
    {
        run.State(state.Json);
        for (string? node = start, from = null; node is not null; from = node, node = RunNode(node, state, run))
        {
            if (from is not null)
            {
                run.Edge(from, node);
            }
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
