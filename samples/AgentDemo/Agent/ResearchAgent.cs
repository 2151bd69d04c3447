using System.Text.Json.Nodes;
using AgentDemo.Library;
using AgentDemo.Recording;
using AgentDemo.Tools;
using DashStream.Protocol;

namespace AgentDemo.Agent;

/// <summary>Answers one question from the library: plan, search, read, work out, answer. Made for one run.</summary>
internal sealed class ResearchAgent
{
    private const int HitsWanted = 3;
    private const int NotesRead = 2;

    private readonly RunRecorder _recorder;
    private readonly ToolBox _tools;
    private readonly Graph _graph;
    private readonly List<Note> _notes = [];
    private Plan _plan = new([], null);
    private double? _calculated;

    public ResearchAgent(NoteLibrary library, RunRecorder recorder)
    {
        _recorder = recorder;
        _tools = new ToolBox(recorder, new SearchTool(library), new FirstTimeFails(new FetchNoteTool(library)), new Calculator());
        _graph = new Graph("research", "plan", new Dictionary<string, Func<AgentState, string?>>
        {
            ["plan"] = MakePlan,
            ["search"] = Search,
            ["read"] = Read,
            ["calculate"] = Calculate,
            ["answer"] = Answer,
        });
    }

    public Task RunAsync(string question) => _graph.RunAsync(new AgentState(question), _recorder);

    private string MakePlan(AgentState state)
    {
        using var call = _recorder.ModelCall("plan", RuleBasedModel.Name);
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
        var hits = _tools.LastResult.AsArray().Select(hit => (string)hit!["id"]!).Take(NotesRead).ToList();
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
        using var call = _recorder.ModelCall("answer", RuleBasedModel.Name);
        var pieces = RuleBasedModel.Answer(state.Question, _notes, _calculated);
        for (var i = 0; i < pieces.Count; i++)
        {
            call.Token(pieces[i], i, isFinal: i == pieces.Count - 1);
        }

        state.Set("answer", string.Concat(pieces).Trim());
        return null;
    }

    private string Next() => _plan.Expression is null ? "answer" : "calculate";
}
