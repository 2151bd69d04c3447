using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DashStream.Providers;

/// <summary>A group at one moment, as Kafka tells it.</summary>
/// <param name="Members">Its members.</param>
/// <param name="Committed">Where its members go on, for each partition with a commit: the offset behind the last record that is done.</param>
internal sealed record GroupView(IReadOnlyList<MemberDescription> Members, IReadOnlyDictionary<TopicPartition, long> Committed)
{
    /// <summary>Topics that the group reads or has commits in.</summary>
    public IEnumerable<string> Topics => Members.SelectMany(static member => member.Assignment.TopicPartitions).Concat(Committed.Keys)
        .Select(static position => position.Topic).Distinct(StringComparer.Ordinal);

    /// <summary>A member's id as ours: its name comes first, as the classic protocol forms it.</summary>
    public static string IdOf(MemberDescription member) =>
        member.ConsumerId.StartsWith(member.ClientId, StringComparison.Ordinal) ? member.ConsumerId : $"{member.ClientId}-{member.ConsumerId}";

    /// <summary>The members that read a topic, with their partitions of it.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="all">Whether every member reads it; else one without any partition is taken to, if the group does.</param>
    public IReadOnlyList<GroupMember> MembersOf(string topic, bool all)
    {
        var readers = Members.Where(member => all || member.Assignment.TopicPartitions.Exists(position => position.Topic == topic)).ToList();
        if (!all && (readers.Count > 0 || Committed.Keys.Any(position => position.Topic == topic)))
        {
            readers.AddRange(Members.Where(static member => member.Assignment.TopicPartitions.Count == 0));
        }

        return
        [
            .. readers.Select(member => new GroupMember(
                IdOf(member),
                [.. member.Assignment.TopicPartitions.Where(position => position.Topic == topic).Select(static position => position.Partition.Value).Order()])),
        ];
    }
}
