using System.Reflection;
using Confluent.Kafka;
using DashStream.Providers;
using DashStream.Tests;

namespace DashStream.Conformance.Kafka;

/// <summary>When the administration client is replaced, and when an old one is closed.</summary>
[TestClass]
public sealed class AdminClientsTests
{
    private static readonly TimeSpan Old = TimeSpan.FromSeconds(5);

    private readonly ManualTime _time = new();
    private readonly List<IAdminClient> _made = [];
    private readonly List<IAdminClient> _closed = [];

    [TestMethod]
    public async Task Callers_share_one_client_and_leave_it_open()
    {
        await using var clients = Clients();

        using var one = clients.Take();
        one!.Dispose();
        using var other = clients.Take();

        Assert.AreSame(one.Client, other!.Client);
        Assert.IsEmpty(Closed());
    }

    [TestMethod]
    public async Task A_replaced_client_is_closed_when_the_last_that_asks_it_has_left()
    {
        await using var clients = Clients();
        using var one = clients.Take()!;
        using var other = clients.Take()!;
        _time.Advance(Old);

        clients.Replace(one.Client);
        using var next = clients.Take()!;
        one.Dispose();
        one.Dispose();

        Assert.AreNotSame(one.Client, next.Client);
        Assert.IsEmpty(Closed());
        other.Dispose();
        await Eventually.TrueAsync(() => Closed().Count == 1, "the old one to be closed");
        Assert.AreSame(one.Client, Closed().Single());
    }

    [TestMethod]
    public async Task However_many_complain_of_a_client_it_is_replaced_once()
    {
        await using var clients = Clients();
        using var one = clients.Take()!;
        _time.Advance(Old);

        clients.Replace(one.Client);
        using var next = clients.Take()!;
        _time.Advance(Old);
        clients.Replace(one.Client);
        using var same = clients.Take()!;

        Assert.AreSame(next.Client, same.Client);
        Assert.HasCount(2, _made);
    }

    [TestMethod]
    public async Task A_client_that_is_new_itself_is_replaced_later_and_only_when_it_is_spoilt()
    {
        await using var clients = Clients();
        using var one = clients.Take()!;

        clients.Replace(one.Client);
        Assert.AreEqual(0, _time.ArmedTimers);
        clients.Replace(one.Client, isSpoilt: true);
        clients.Replace(one.Client, isSpoilt: true);
        using var same = clients.Take()!;
        await _time.AdvanceUntilAsync(() => IsReplaced(clients, one.Client), Old / 5);

        Assert.AreSame(one.Client, same.Client);
        Assert.IsGreaterThanOrEqualTo(Old, TimeSpan.FromTicks(_time.GetTimestamp()));
    }

    [TestMethod]
    public async Task No_more_are_made_while_many_old_ones_are_still_asked()
    {
        await using var clients = Clients();
        var held = new List<AdminClients.Use>();
        for (var complaint = 0; complaint < 100; complaint++)
        {
            held.Add(clients.Take()!);
            _time.Advance(Old);
            clients.Replace(held[^1].Client);
        }

        Assert.HasCount(9, _made);
        held.ForEach(static use => use.Dispose());
        await Eventually.TrueAsync(() => Closed().Count == 8, "the old ones to be closed");
    }

    [TestMethod]
    public async Task The_end_does_not_wait_long_for_a_client_that_is_still_asked_and_closes_it_later()
    {
        var clients = Clients();
        var use = clients.Take()!;

        var end = clients.DisposeAsync().AsTask();
        await _time.AdvanceUntilAsync(() => end.IsCompleted, Old);

        Assert.IsNull(clients.Take());
        Assert.IsEmpty(Closed());
        use.Dispose();
        await Eventually.TrueAsync(() => Closed().Count == 1, "the client to be closed");
    }

    private static bool IsReplaced(AdminClients clients, IAdminClient client)
    {
        using var now = clients.Take()!;
        return now.Client != client;
    }

    private AdminClients Clients() => new(Make, Close, _time);

    private IAdminClient Make()
    {
        _made.Add(DispatchProxy.Create<IAdminClient, Nothing>());
        return _made[^1];
    }

    private void Close(IAdminClient client)
    {
        lock (_closed)
        {
            _closed.Add(client);
        }
    }

    private List<IAdminClient> Closed()
    {
        lock (_closed)
        {
            return [.. _closed];
        }
    }

    /// <summary>A client that is never asked anything.</summary>
    public class Nothing : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new NotSupportedException();
    }
}
