namespace DashStream.Conformance.Redis;

/// <summary>A member of a group that takes numbered records and commits each batch, through passing trouble, until it has had them all.</summary>
internal sealed class NumberedMember
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly IStreamConsumer _consumer;
    private readonly int _count;
    private readonly StreamErrorKind[] _passing;
    private readonly SortedSet<int> _handled = [];
    private readonly Task _reading;
    private StreamException? _last;

    private NumberedMember(IStreamConsumer consumer, int count, StreamErrorKind[] passing)
    {
        (_consumer, _count, _passing) = (consumer, count, passing);
        _reading = HandleAsync();
    }

    /// <summary>Begins to read.</summary>
    /// <param name="consumer">The member; not owned.</param>
    /// <param name="count">There are the numbers from 0 up to, not including, this.</param>
    /// <param name="passing">What passes beside transient trouble.</param>
    public static NumberedMember Start(IStreamConsumer consumer, int count, params StreamErrorKind[] passing) => new(consumer, count, passing);

    /// <summary>Waits for all numbers; fails with what is missing.</summary>
    public async Task AssertHasAllAsync()
    {
        await _reading.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_reading.IsCompleted)
        {
            var seen = _handled.ToArray();
            Assert.Fail($"{seen.Length} of {_count} were handled; missing from {Enumerable.Range(0, _count).Except(seen).First()} on, last error: {_last}");
        }

        await _reading;
        Assert.HasCount(_count, _handled);
    }

    private async Task HandleAsync()
    {
        while (_handled.Count < _count)
        {
            try
            {
                var batch = await _consumer.ReadAsync(TimeSpan.FromSeconds(1));
                Assert.IsEmpty(batch.Gaps);
                _handled.UnionWith(batch.Records.Select(ProviderUnderTest.NumberOf));
                if (batch.Records.Count > 0)
                {
                    await _consumer.CommitAsync([batch.Records[^1].Position!.Value]);
                }
            }
            catch (StreamException e) when (e.IsTransient || _passing.Contains(e.Kind))
            {
                _last = e;
                await Task.Delay(20);
            }
        }
    }
}
