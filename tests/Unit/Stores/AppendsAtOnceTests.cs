using System.Globalization;
using DashStream.Stores;
using static DashStream.Tests.Stores.ProducerFixture;

namespace DashStream.Tests.Stores;

/// <summary>A store that takes the next batch before the last one is answered.</summary>
[TestClass]
public sealed class AppendsAtOnceTests
{
    private const int Large = 100;

    private readonly ProducerFixture _fixture = new();
    private readonly List<(long First, long Last, long? After)> _seen = [];
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _sent = new();

    public AppendsAtOnceTests()
    {
        _fixture.Store.AppendsAtOnce = 2;
        _fixture.Options.MaxBatchRecords = Large;
    }

    [TestMethod]
    public async Task The_next_batch_leaves_early_and_names_the_one_before()
    {
        Answer(first: null);
        await using var producer = await _fixture.OpenAsync();

        var sends = Send(producer, 500);
        await Until(() => _seen.Count == 2);
        Assert.IsFalse(Array.Exists(sends, static send => send.IsCompleted), "Answers come in order.");
        _first.SetResult();
        await Task.WhenAll(sends);

        Assert.IsNull(_seen[0].After);
        Assert.AreEqual(_seen[0].Last, _seen[1].After);
        Assert.AreEqual(_seen[0].Last + 1, _seen[1].First);
        Assert.AreEqual(500, _seen.Sum(static batch => batch.Last - batch.First + 1), "None twice.");
        Assert.AreEqual(new FlushReceipt(500, 0, 0), await producer.FlushAsync());
    }

    [TestMethod]
    public async Task A_batch_that_fails_is_tried_again_before_the_one_behind_it()
    {
        Answer(first: new StreamException(StreamErrorKind.Transient, "lost"));
        await using var producer = await _fixture.OpenAsync();

        var all = Task.WhenAll(Send(producer, 300));
        await Until(() => _seen.Count == 2);
        _first.SetResult();
        await _fixture.Time.AdvanceUntilAsync(() => all.IsCompleted, TimeSpan.FromMilliseconds(20));
        await all;

        // Seen: the first, the second that names it and is refused, the first again, the second again, and the rest.
        Assert.AreEqual(_seen[0].First, _seen[2].First);
        Assert.IsNull(_seen[2].After);
        Assert.AreEqual(_seen[1].First, _seen[3].First);
        CollectionAssert.AreEqual(Enumerable.Range(0, 300).Select(Name).ToArray(), await _fixture.ValuesAsync());
    }

    [TestMethod]
    public async Task A_batch_that_fails_for_good_lets_the_one_behind_it_be_stored()
    {
        Answer(first: new StreamException(StreamErrorKind.Fatal, "refused"));
        await using var producer = await _fixture.OpenAsync();

        var sends = Send(producer, 300);
        await Until(() => _seen.Count == 2);
        _first.SetResult();
        var all = Task.WhenAll(sends);
        await _fixture.Time.AdvanceUntilAsync(() => all.IsCompleted, TimeSpan.FromMilliseconds(20));

        var failed = sends.Count(static send => send.IsFaulted);
        Assert.AreEqual(_seen[0].Last - _seen[0].First + 1, failed);
        CollectionAssert.AreEqual(Enumerable.Range(failed, 300 - failed).Select(Name).ToArray(), await _fixture.ValuesAsync());
    }

    [TestMethod]
    public async Task A_few_records_wait_for_the_answer()
    {
        Answer(first: null);
        await using var producer = await _fixture.OpenAsync();

        var send = producer.SendAsync(Record("k", "a")).AsTask();
        await Until(() => _seen.Count == 1);
        var few = Send(producer, Large / 10);
        _first.SetResult();
        await Task.WhenAll([send, .. few]);

        Assert.HasCount(2, _seen);
        Assert.IsNull(_seen[1].After);
    }

    /// <summary>
    /// The first call returns its task when all is sent, waits, and ends as told. Calls are answered in their order, and a batch behind one that is not stored is
    /// refused, as by a store that takes several at once.
    /// </summary>
    private void Answer(StreamException? first)
    {
        var stored = -1L;
        var last = Task.CompletedTask;
        _fixture.Store.OnAppend = (batch, earlier, abandoned) =>
        {
            _seen.Add((batch.SequenceAt(0), batch.SequenceAt(batch.Count - 1), batch.After));
            Assert.IsTrue(_sent.Wait(TimeSpan.FromSeconds(20), abandoned), "Nothing was sent behind the first record.");
            last = TakeAsync(last, earlier == 0, batch.SequenceAt(batch.Count - 1), batch.After);
            return new ValueTask(last);
        };

        async Task TakeAsync(Task before, bool isFirst, long end, long? after)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (isFirst)
            {
                await _first.Task;
            }

            if (isFirst && first is not null)
            {
                throw first;
            }

            if (after is { } needed && needed != stored)
            {
                throw new StreamException(StreamErrorKind.Transient, "The batch before is not stored.");
            }

            stored = end;
        }
    }

    private Task<StreamPosition>[] Send(BatchingProducer producer, int count)
    {
        Task<StreamPosition>[] sends = [.. Enumerable.Range(0, count).Select(number => producer.SendAsync(Record("k", Name(number))).AsTask())];
        _sent.Set();
        return sends;
    }

    private static string Name(int number) => number.ToString(CultureInfo.InvariantCulture);
}
