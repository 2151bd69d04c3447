namespace DashStream.Conformance;

/// <summary>Says that a suite has no leaf for a fixture on purpose, so that <see cref="SuiteCheck"/> does not take it for forgotten.</summary>
/// <param name="suite">The open suite type, such as <c>typeof(PauseConformance&lt;&gt;)</c>.</param>
/// <param name="fixture">The fixture.</param>
/// <param name="reason">Why it does not apply, as a sentence.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class NotApplicableAttribute(Type suite, Type fixture, string reason) : Attribute
{
    /// <summary>The open suite type.</summary>
    public Type Suite { get; } = suite;

    /// <summary>The fixture.</summary>
    public Type Fixture { get; } = fixture;

    /// <summary>Why it does not apply.</summary>
    public string Reason { get; } = reason;
}
