using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

[TestClass]
public sealed class PatientBoundTests
{
    private readonly StoppedClock _clock = new();

    [TestMethod]
    public void A_bound_holds_for_as_long_as_patience_lasts_and_again_once_half_is_gone()
    {
        var bound = new PatientBound(100, TimeSpan.FromSeconds(1), _clock);

        Assert.IsFalse(bound.Holds(99));
        Assert.IsTrue(bound.Holds(100));
        _clock.Advance(TimeSpan.FromSeconds(0.9));
        Assert.IsTrue(bound.Holds(100));
        Assert.IsFalse(bound.IsGivenUp);

        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.IsFalse(bound.Holds(100));
        Assert.IsTrue(bound.IsGivenUp);
        Assert.IsFalse(bound.Holds(5000));
        Assert.IsFalse(bound.Holds(51));
        Assert.IsTrue(bound.IsGivenUp, "more than half is there still");

        Assert.IsFalse(bound.Holds(50));
        Assert.IsFalse(bound.IsGivenUp);
        Assert.IsTrue(bound.Holds(100));
    }

    [TestMethod]
    public void Whoever_takes_away_in_time_is_waited_for_each_time_anew()
    {
        var bound = new PatientBound(100, TimeSpan.FromSeconds(1), _clock);
        for (var i = 0; i < 10; i++)
        {
            Assert.IsTrue(bound.Holds(100));
            _clock.Advance(TimeSpan.FromSeconds(0.9));
            Assert.IsFalse(bound.Holds(80));
        }

        Assert.IsFalse(bound.IsGivenUp);
    }

    private sealed class StoppedClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan time) => _now += time.Ticks;
    }
}
