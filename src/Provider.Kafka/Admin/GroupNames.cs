namespace DashStream.Providers;

/// <summary>
/// Our groups belong to a topic, Kafka's do not: the id at the brokers carries both, parted by a character that neither may hold
/// (<see cref="KafkaGroupNaming"/>).
/// </summary>
internal sealed class GroupNames(KafkaGroupNaming naming)
{
    private const char Separator = '@';
    private const string AloneSuffix = "alone";

    /// <summary>Whether an id names the topic.</summary>
    public bool ArePerTopic => naming == KafkaGroupNaming.PerTopic;

    /// <summary>An id that nobody else uses, for a reader without a group. It is never told to the brokers as a group: nothing is committed under it.</summary>
    public static string Alone(string topic) => $"{AloneSuffix}-{Guid.NewGuid():N}{Separator}{topic}";

    /// <summary>The id at the brokers.</summary>
    public string IdOf(string topic, string group) => ArePerTopic ? $"{group}{Separator}{topic}" : group;

    /// <summary>Takes an id apart; false when it is no group of ours.</summary>
    public bool TryParse(string id, out string topic, out string group)
    {
        var at = id.IndexOf(Separator, StringComparison.Ordinal);
        (group, topic) = at < 0 ? (id, "") : (id[..at], id[(at + 1)..]);
        return ArePerTopic && group.Length > 0 && topic.Length > 0;
    }
}
