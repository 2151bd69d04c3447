using DashStream.Tests.Architecture;

namespace DashStream.AgUi.Tests;

[TestClass]
public sealed class PublicSurfaceTests
{
    [TestMethod]
    public void The_public_surface_is_the_approved_one() => ApprovedSurface.AssertIsThatOf(typeof(AgUiEvent).Assembly);

    [TestMethod]
    public void Only_the_client_is_known_of_our_own_assemblies()
    {
        var ours = typeof(AgUiEvent).Assembly.GetReferencedAssemblies().Select(name => name.Name!).Where(name => name.StartsWith("DashStream", StringComparison.Ordinal));

        CollectionAssert.AreEqual(new[] { "DashStream.Abstractions" }, ours.ToArray());
    }
}
