namespace DashStream.Conformance.Kafka;

/// <summary>
/// A broker that was the coordinator of a group answers that it is not any more, as in every rolling restart. librdkafka takes the process down when an administration
/// client without a group asked for commits, so each case has a process of its own.
/// </summary>
[TestClass]
public sealed class ProviderMovedCoordinatorTests
{
    [TestMethod]
    [DataRow("0")]
    [DataRow("1")]
    [DataRow("4")]
    public async Task The_former_coordinator_can_be_asked_for_commits(string refusals)
    {
        NativeClient.Require();
        using var asking = ChildProcess.Start("misled", refusals);

        var committed = await asking.ReadLineAsync();

        Assert.AreEqual("1", committed, "Nothing is said by a process that died.");
    }
}
