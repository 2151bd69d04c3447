using System.Text;
using DashStream.Protocol;
using Google.Protobuf.Collections;

namespace DashStream.Runs;

/// <summary>A graph's description as attributes of its start, under the names the ecosystem reads.</summary>
internal static class RunGraphAttributes
{
    private const int MaxJsonBytes = 500 * 1024;

    public static void Add(MapField<string, AttributeValue> target, RunGraph? graph)
    {
        if (graph is null)
        {
            return;
        }

        RunAttributes.AddText(target, "graph_name", graph.Name);
        AddJson(target, "graph_manifest", graph.ManifestJson);
        AddJson(target, "graph_schema_json", graph.SchemaJson);
        RunAttributes.AddText(target, "schema_id", graph.SchemaId);
        RunAttributes.AddText(target, "graph_entry_point", graph.EntryPoint);
        RunAttributes.Add(target, "graph_node_count", graph.NodeCount);
        RunAttributes.Add(target, "graph_edge_count", graph.EdgeCount);
    }

    private static void AddJson(MapField<string, AttributeValue> target, string name, string? json)
    {
        if (string.IsNullOrEmpty(json))
        {
            return;
        }

        var bytes = Encoding.UTF8.GetByteCount(json);
        if (bytes <= MaxJsonBytes)
        {
            RunAttributes.AddText(target, name, json);
        }
        else
        {
            RunAttributes.Add(target, name + "_bytes_left_out", bytes);
        }
    }
}
