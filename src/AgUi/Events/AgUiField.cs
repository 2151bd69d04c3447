using System.Text.Json;

namespace DashStream.AgUi;

/// <summary>Where a field of an event lies in its text.</summary>
internal readonly record struct AgUiField(string Name, int Start, int Length, JsonTokenType Kind);
