namespace DashStream.Health;

/// <summary>What health says of errors: their kind. Their text may quote what a handler worked on, and health is read by anybody.</summary>
internal static class HealthText
{
    public static string Of(Exception error) => error is StreamException ours ? $"{nameof(StreamException)} of kind {ours.Kind}" : error.GetType().Name;
}
