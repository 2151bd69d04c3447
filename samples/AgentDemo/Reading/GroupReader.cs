using DashStream;

namespace AgentDemo.Reading;

/// <summary>Reads a topic by a group of two members and waits until all that was sent is handled.</summary>
internal sealed class GroupReader(DashStreamClient client)
{
    public const string Group = "viewers";

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    /// <param name="topic">The topic.</param>
    /// <param name="sent">How many messages there are to read.</param>
    /// <param name="patience">How long to wait for them.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<GroupReading> ReadAsync(string topic, long sent, TimeSpan patience, CancellationToken cancellationToken)
    {
        var book = new ThreadBook(sent);
        await using var first = new GroupMemberReader("member 1", await client.OpenConsumerAsync(topic, Group, cancellationToken: cancellationToken));
        await using var second = new GroupMemberReader("member 2", await client.OpenConsumerAsync(topic, Group, cancellationToken: cancellationToken));
        GroupMemberReader[] members = [first, second];

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        await WhenSharedAsync(members, limit.Token);
        foreach (var member in members)
        {
            member.Start(book);
        }

        // A member that ends by itself has failed: waiting for it throws its error.
        await await Task.WhenAny(book.Complete, first.Running, second.Running).WaitAsync(limit.Token);
        foreach (var member in members)
        {
            await member.StopAsync();
        }

        return new GroupReading(book, [.. members.Select(member => new MemberShare(member.Name, member.Partitions, member.Handled))]);
    }

    /// <summary>Both members joined when they were opened; reading begins when both own partitions, so both have work.</summary>
    private static async Task WhenSharedAsync(GroupMemberReader[] members, CancellationToken cancellationToken)
    {
        while (!members.All(member => member.HasPartitions))
        {
            await Task.Delay(LookAgain, cancellationToken);
        }
    }
}

/// <summary>What a group read.</summary>
internal sealed record GroupReading(ThreadBook Book, IReadOnlyList<MemberShare> Members);

/// <summary>What one member did.</summary>
internal sealed record MemberShare(string Name, IReadOnlyList<int> Partitions, long Handled);
