using System.Reflection;
using DashStream.Providers;

namespace DashStream.Tests.Architecture;

/// <summary>The public surface is a reviewed text in eng/api (<see cref="ApprovedSurface"/>). Providers with a native client are checked beside their own tests.</summary>
[TestClass]
public sealed class PublicSurfaceTests
{
    public static IEnumerable<object[]> Assemblies() =>
        [[typeof(DashStreamProducer).Assembly], [typeof(MemoryProvider).Assembly], [typeof(FileProvider).Assembly], [typeof(SqliteProvider).Assembly],
            [typeof(RedisProvider).Assembly],
            [typeof(OpenTelemetry.Trace.DashStreamTracerProviderBuilderExtensions).Assembly]];

    [TestMethod]
    [DynamicData(nameof(Assemblies))]
    public void The_public_surface_is_the_approved_one(Assembly assembly) => ApprovedSurface.AssertIsThatOf(assembly);
}
