namespace DashStream;

/// <summary>A group in a listing.</summary>
/// <param name="Topic">The topic it reads.</param>
/// <param name="Group">Its name.</param>
/// <param name="Generation">Grows with every change of membership or assignment.</param>
/// <param name="Members">Living members.</param>
public sealed record GroupSummary(string Topic, string Group, long Generation, int Members);

/// <summary>A group in full.</summary>
/// <param name="Topic">The topic it reads.</param>
/// <param name="Group">Its name.</param>
/// <param name="Generation">Grows with every change of membership or assignment.</param>
/// <param name="Members">Living members.</param>
/// <param name="Partitions">Every partition of the topic.</param>
public sealed record GroupDescription(
    string Topic, string Group, long Generation, IReadOnlyList<GroupMember> Members, IReadOnlyList<GroupPartition> Partitions);

/// <summary>A member of a group.</summary>
/// <param name="Id">Unique id: the member's name and a random part.</param>
/// <param name="Partitions">Partitions it owns now.</param>
public sealed record GroupMember(string Id, IReadOnlyList<int> Partitions);

/// <summary>A group's standing in one partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Owner">Member that owns it, or null.</param>
/// <param name="Committed">Last position that is done, or null.</param>
/// <param name="Lag">Records behind the end that are not done, or null when the provider cannot count.</param>
public sealed record GroupPartition(int Partition, string? Owner, UInt128? Committed, long? Lag);
