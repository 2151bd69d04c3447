using DashStream.Groups;

namespace DashStream.Tests.Groups;

[TestClass]
public sealed class BeatObserverTests
{
    private readonly ManualTime _time = new();
    private readonly GroupDocument _document = GroupDocument.New(1, 0);
    private readonly BeatObserver _observer;
    private readonly MemberEntry _member;
    private long _storeUs = 1_000_000_000;

    public BeatObserverTests()
    {
        _observer = new BeatObserver(_time);
        _member = GroupRules.Join(_document, "a", 10_000_000, _storeUs);
    }

    [TestMethod]
    public void A_member_that_beats_lives()
    {
        for (var i = 0; i < 100; i++)
        {
            Pass(TimeSpan.FromSeconds(9));
            Assert.IsFalse(IsDead());
            GroupRules.Beat(_member, _storeUs);
        }
    }

    [TestMethod]
    public void A_silent_member_is_dead_after_its_session_and_not_before()
    {
        Assert.IsFalse(IsDead());
        Pass(TimeSpan.FromSeconds(10));
        Assert.IsFalse(IsDead());
        Pass(TimeSpan.FromMilliseconds(1));
        Assert.IsTrue(IsDead());
    }

    [TestMethod]
    public void A_store_clock_that_was_set_back_does_not_keep_the_dead_alive()
    {
        Assert.IsFalse(IsDead());
        _storeUs -= 500_000_000;

        Pass(TimeSpan.FromSeconds(9));
        Assert.IsFalse(IsDead());
        Pass(TimeSpan.FromSeconds(2));

        Assert.IsTrue(IsDead());
    }

    [TestMethod]
    public void A_store_clock_that_jumped_forward_ends_the_session_at_once()
    {
        _storeUs += 3600_000_000;

        Assert.IsTrue(IsDead());
    }

    [TestMethod]
    public void The_next_death_is_foreseen()
    {
        Assert.IsFalse(IsDead());
        Pass(TimeSpan.FromSeconds(4));

        Assert.AreEqual(TimeSpan.FromSeconds(6), _observer.UntilNextDeath(View(), except: 99));
        Assert.AreEqual(TimeSpan.MaxValue, _observer.UntilNextDeath(View(), except: _member.Number));
    }

    private bool IsDead() => _observer.FindDead(View()).Contains(_member.Number);

    private GroupView View() => new(1, _document, [], _storeUs, _time.GetTimestamp());

    private void Pass(TimeSpan span)
    {
        _time.Advance(span);
        _storeUs += (long)span.TotalMicroseconds;
    }
}
