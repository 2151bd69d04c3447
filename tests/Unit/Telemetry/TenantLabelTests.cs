using DashStream.Telemetry;

namespace DashStream.Tests.Telemetry;

[TestClass]
public sealed class TenantLabelTests
{
    [TestMethod]
    public void Plain_ids_stand_for_themselves_and_others_are_hashed()
    {
        Assert.AreEqual("acme-1_x.y", TenantLabels.Make("acme-1_x.y"));
        Assert.DoesNotContain("bob", TenantLabels.Make("bob@example.com"));
        Assert.AreEqual(19, TenantLabels.Make(new string('a', 65)).Length);
        StringAssert.StartsWith(TenantLabels.Make(""), "tenant_e3b0c44298fc");
    }

    [TestMethod]
    public void Labels_beyond_the_first_thousand_share_one_name()
    {
        var labels = Enumerable.Range(0, 3_000).Select(i => TenantLabels.Of($"many-{i}")).ToHashSet();

        Assert.IsLessThanOrEqualTo(1_001, labels.Count);
        Assert.Contains(TenantLabels.Overflow, labels);
    }
}
