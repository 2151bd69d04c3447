using System.Text.Json.Nodes;
using AgentDemo.Library;
using AgentDemo.Tools;
using DashStream;

namespace AgentDemo.Agent;

/// <summary>Answers one question from the library: plan, search, read, work out, answer. Made for one run.</summary>
internal sealed class ResearchAgent
{
    private const int HitsWanted = 3;
    private const int NotesRead = 2;

    private readonly NoteLibrary _library;
    private readonly DashStreamRun _run;
    private readonly ToolBox _tools;
    private readonly Graph _graph;
    private readonly List<Note> _notes = [];
    private Plan _plan = new([], null);
    private double? _calculated;

    public ResearchAgent(NoteLibrary library, DashStreamRun run)
    {
        _library = library;
        _run = run;
        _tools = new ToolBox(run, new SearchTool(library), new FirstTimeFails(new FetchNoteTool(library)), new Calculator());
        _graph = new Graph(new Dictionary<string, Func<AgentState, string?>>
        {
            ["plan"] = MakePlan,
            ["search"] = Search,
            ["read"] = Read,
            ["calculate"] = Calculate,
            ["answer"] = Answer,
        });
    }

    /// <summary>What the record says of it at the start of each run.</summary>
    public static RunGraph Description { get; } = new() { Name = "research", EntryPoint = "plan", NodeCount = 5 };

    /// <summary>Answers a question from the beginning.</summary>
    public Task RunAsync(string question, Func<AgentState, string?, Task>? afterNode = null) =>
        _graph.RunAsync(new AgentState(question), Description.EntryPoint, _run, afterNode ?? ((_, _) => Task.CompletedTask));

    /// <summary>Goes on from the state after some node; what earlier nodes found out is had from it again.</summary>
    public Task ResumeAsync(AgentState state, string? next, Func<AgentState, string?, Task> afterNode)
    {
        _plan = RuleBasedModel.MakePlan(state.Question);
        _calculated = (double?)state.Json["calculated"];
        _notes.AddRange(state.Json["notes"]!.AsArray().Select(id => _library.Fetch((string)id!)!));
        return _graph.RunAsync(state, next, _run, afterNode);
    }

    private string MakePlan(AgentState state)
    {
        using var call = _run.ModelCall(RuleBasedModel.Name);
        _plan = RuleBasedModel.MakePlan(state.Question);
        var steps = _plan.Expression is null ? new JsonArray("search", "read", "answer") : new JsonArray("search", "read", "calculate", "answer");
        state.Set("plan", steps);
        return "search";
    }

    private string Search(AgentState state)
    {
        var words = new JsonArray([.. _plan.Words.Select(word => (JsonNode)word)]);
        var hits = _tools.Call("search_notes", new JsonObject { ["words"] = words, ["limit"] = HitsWanted });
        state.Set("hits", hits.DeepClone());
        return hits.AsArray().Count > 0 ? "read" : Next();
    }

    private string Read(AgentState state)
    {
        var hits = state.Json["hits"]!.AsArray().Select(hit => (string)hit!["id"]!).Take(NotesRead).ToList();
        foreach (var id in hits)
        {
            var note = _tools.Call("fetch_note", new JsonObject { ["id"] = id });
            _notes.Add(new Note(id, (string)note["title"]!, (string)note["text"]!));
            state.Append("notes", id);
        }

        return Next();
    }

    private string Calculate(AgentState state)
    {
        var result = _tools.Call("calculator", new JsonObject { ["expression"] = _plan.Expression });
        _calculated = (double)result["value"]!;
        state.Set("calculated", _calculated);
        return "answer";
    }

    private string? Answer(AgentState state)
    {
        using var call = _run.ModelCall(RuleBasedModel.Name);
        var pieces = RuleBasedModel.Answer(state.Question, _notes, _calculated);
        foreach (var piece in pieces)
        {
            call.Token(piece);
        }

        call.Finish();
        state.Set("answer", string.Concat(pieces).Trim());
        return null;
    }

    private string Next() => _plan.Expression is null ? "answer" : "calculate";
}
