using System.Text.Json.Nodes;
using AgentDemo.Library;

namespace AgentDemo.Tools;

/// <summary>Finds notes: <c>{"words": […], "limit": n}</c> → hits.</summary>
internal sealed class SearchTool(NoteLibrary library) : ITool
{
    public string Name => "search_notes";

    public JsonNode Call(JsonObject arguments)
    {
        var words = arguments["words"]!.AsArray().Select(word => (string)word!);
        var hits = library.Search(words, (int)arguments["limit"]!);
        return new JsonArray([.. hits.Select(hit => new JsonObject { ["id"] = hit.Id, ["title"] = hit.Title, ["score"] = hit.Score })]);
    }
}

/// <summary>Gives a note's text: <c>{"id": "…"}</c>.</summary>
internal sealed class FetchNoteTool(NoteLibrary library) : ITool
{
    public string Name => "fetch_note";

    public JsonNode Call(JsonObject arguments)
    {
        var id = (string)arguments["id"]!;
        var note = library.Fetch(id) ?? throw new ToolException($"there is no note '{id}'", isPassing: false);
        return new JsonObject { ["id"] = note.Id, ["title"] = note.Title, ["text"] = note.Text };
    }
}
