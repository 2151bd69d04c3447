using Confluent.Kafka;

namespace DashStream.Conformance.Kafka;

/// <summary>librdkafka, which the client is made of. A machine whose package registry lacks it may have no way to build it.</summary>
internal static class NativeClient
{
    private static readonly Lazy<string?> WhyMissing = new(() =>
    {
        try
        {
            _ = Library.VersionString;
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or InvalidOperationException)
        {
            return $"librdkafka is missing ('./build.sh doctor' says how to get it): {e.Message}";
        }
    });

    /// <summary>Skips the test where there is no librdkafka.</summary>
    public static void Require()
    {
        if (WhyMissing.Value is { } reason)
        {
            Assert.Inconclusive(reason);
        }
    }
}
