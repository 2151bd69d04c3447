using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>Memory stands in for Kafka in tests, so it must answer as Kafka does: right calls and wrong ones.</summary>
[TestClass]
public sealed class AnswerTests
{
    [TestMethod]
    [DataRow(KafkaGroupProtocol.Classic)]
    [DataRow(KafkaGroupProtocol.Consumer)]
    public async Task Memory_answers_as_Kafka_does(KafkaGroupProtocol protocol)
    {
        var kafka = await AnswerScript.RunAsync(await KafkaProviders.OpenAsync(new ProviderSetup("", CreateMissingTopics: true), protocol));

        var memory = await AnswerScript.RunAsync(new MemoryProvider());

        Assert.AreEqual(string.Join(Environment.NewLine, memory), string.Join(Environment.NewLine, kafka));
        Assert.IsGreaterThan(80, kafka.Count);
    }
}
