using DashStream.Providers;
using DashStream.Tests.Architecture;

namespace DashStream.Conformance.Kafka;

/// <summary>The provider's public surface is a reviewed text in eng/api.</summary>
[TestClass]
public sealed class PublicSurfaceTests
{
    [TestMethod]
    public void The_public_surface_is_the_approved_one() => ApprovedSurface.AssertIsThatOf(typeof(KafkaProvider).Assembly);
}
