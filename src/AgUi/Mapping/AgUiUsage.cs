using System.Text.Json;
using DashStream.Protocol;

namespace DashStream.AgUi;

/// <summary>Tokens of a run, by model.</summary>
internal sealed class AgUiUsage
{
    private readonly SortedDictionary<string, (long Input, long Output)> _models = new(StringComparer.Ordinal);

    public void Add(TokenChunk last)
    {
        if (last.Stats is { } stats)
        {
            var (input, output) = _models.GetValueOrDefault(last.Model);
            _models[last.Model] = (input + stats.PromptTokens, output + stats.CompletionTokens);
        }
    }

    public void Clear() => _models.Clear();

    public byte[]? ToJson()
    {
        if (_models.Count == 0)
        {
            return null;
        }

        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, JsonScalar.Relaxed))
        {
            writer.WriteStartArray();
            foreach (var (model, (input, output)) in _models)
            {
                writer.WriteStartObject();
                if (model.Length > 0)
                {
                    writer.WriteString("model", model);
                }

                writer.WriteNumber("inputTokens", input);
                writer.WriteNumber("outputTokens", output);
                writer.WriteNumber("totalTokens", input + output);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return buffer.ToArray();
    }
}
