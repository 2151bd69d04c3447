namespace DashStream.Tests.Stores;

[TestClass]
public sealed class StoredRecordTests
{
    private static readonly byte[] Key = [1];
    private static readonly byte[] Value = [2, 3];

    [TestMethod]
    public void A_record_that_was_given_away_is_stored_itself_and_only_once()
    {
        var sent = new StreamRecord(Key, Value, headers: null, timestampUs: 5) { OwnsMemory = true, IsGivenAway = true };

        var first = sent.AsStored(new StreamPosition(3, 7), 5);
        var second = sent.AsStored(new StreamPosition(3, 8), 5);

        Assert.AreSame(sent, first);
        Assert.AreNotSame(sent, second);
        Assert.AreEqual((new StreamPosition(3, 7), new StreamPosition(3, 8)), (first.Position!.Value, second.Position!.Value));
        Assert.AreEqual(first.Value, second.Value);
    }

    [TestMethod]
    [DataRow(false, 5)]
    [DataRow(true, 6)]
    public void A_record_that_its_sender_keeps_or_that_gets_another_time_is_left_as_it_is(bool isGivenAway, int timestampUs)
    {
        var sent = new StreamRecord(Key, Value, headers: null, timestampUs: 5) { OwnsMemory = true, IsGivenAway = isGivenAway };

        var stored = sent.AsStored(new StreamPosition(3, 7), timestampUs);

        Assert.AreNotSame(sent, stored);
        Assert.IsNull(sent.Position);
        Assert.AreEqual((5, timestampUs), ((int)sent.TimestampUs, (int)stored.TimestampUs));
    }
}
