namespace DashStream.Conformance;

/// <summary>The sentence of the contract that a case holds a provider to. Reports name it, so that a failure points to one rule.</summary>
/// <param name="id">Stable id; the README of the suite lists all.</param>
/// <param name="text">The rule as a sentence.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class RuleAttribute(string id, string text) : Attribute
{
    /// <summary>Stable id, such as <c>B1-14</c>.</summary>
    public string Id { get; } = id;

    /// <summary>The rule as a sentence.</summary>
    public string Text { get; } = text;
}
