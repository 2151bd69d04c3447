namespace DashStream.Tests.DeadLetters;

[TestClass]
public sealed class ProviderDeadLetterSinkTests
{
    private static readonly RetryPolicy Quick = new() { MaxAttempts = 3, BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(2) };

    [TestMethod]
    public async Task A_letter_goes_to_the_source_topic_dlq_which_is_made()
    {
        await using var provider = new FailingProvider();
        await using var sink = new ProviderDeadLetterSink(provider);

        await sink.StoreAsync(Letter("k"));

        var letter = (await provider.LettersAsync("events.dlq", 1)).Single();
        Assert.AreEqual(("events", DeadLetterStage.Handler, "boom"), (letter.Document.SourceTopic, letter.Stage, letter.Document.Error));
    }

    [TestMethod]
    public async Task The_longest_topic_names_have_letters_of_their_own()
    {
        await using var provider = new FailingProvider();
        await using var sink = new ProviderDeadLetterSink(provider);
        foreach (var last in new[] { "a", "b" })
        {
            await sink.StoreAsync(Letter("k") with { SourceTopic = new string('x', StreamNames.MaxLength - 1) + last });
        }

        Assert.HasCount(2, await provider.Admin.ListTopicsAsync());
    }

    [TestMethod]
    public async Task A_topic_that_is_named_takes_all_letters_and_keeps_its_shape()
    {
        await using var provider = new FailingProvider();
        await provider.Admin.CreateTopicAsync(new TopicSpec("all", 3));
        await using var sink = new ProviderDeadLetterSink(provider, new DeadLetterOptions { Topic = "all" });

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => sink.StoreAsync(Letter($"k{i}")).AsTask()));

        Assert.HasCount(20, await provider.LettersAsync("all", 20));
    }

    [TestMethod]
    public async Task Transient_failures_are_tried_again_and_leave_one_letter()
    {
        await using var provider = new FailingProvider { BeforeSend = (n, _) => n < 3 ? Task.FromException(FailingProvider.Error(StreamErrorKind.Transient)) : Task.CompletedTask };
        await using var sink = new ProviderDeadLetterSink(provider, new DeadLetterOptions { Retry = Quick });

        await sink.StoreAsync(Letter("k"));

        Assert.AreEqual(3, provider.Sends);
        Assert.HasCount(1, await provider.LettersAsync("events.dlq", 1));
    }

    [TestMethod]
    [DataRow(StreamErrorKind.Transient, 3)]
    [DataRow(StreamErrorKind.Unauthorized, 1)]
    [DataRow(StreamErrorKind.Fatal, 1)]
    public async Task What_cannot_be_stored_is_the_callers_to_know(StreamErrorKind kind, int attempts)
    {
        await using var provider = new FailingProvider { BeforeSend = (_, _) => Task.FromException(FailingProvider.Error(kind)) };
        await using var sink = new ProviderDeadLetterSink(provider, new DeadLetterOptions { Retry = Quick });

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => sink.StoreAsync(Letter("k")).AsTask());

        Assert.AreEqual((kind, attempts), (error.Kind, provider.Sends));
    }

    [TestMethod]
    public async Task An_attempt_that_hangs_ends_at_its_deadline()
    {
        await using var provider = new FailingProvider { BeforeSend = (_, token) => Task.Delay(Timeout.Infinite, CancellationToken.None) };
        var options = new DeadLetterOptions { Timeout = TimeSpan.FromMilliseconds(20), Retry = new RetryPolicy { MaxAttempts = 2, BaseDelay = TimeSpan.FromMilliseconds(1) } };
        await using var sink = new ProviderDeadLetterSink(provider, options);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => sink.StoreAsync(Letter("k")).AsTask());

        Assert.AreEqual((StreamErrorKind.Timeout, 2), (error.Kind, provider.Sends));
    }

    [TestMethod]
    public async Task A_caller_that_gives_up_is_let_go_as_cancelled()
    {
        await using var provider = new FailingProvider { BeforeSend = (_, token) => Task.Delay(Timeout.Infinite, token) };
        await using var sink = new ProviderDeadLetterSink(provider);
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));

        await Assert.ThrowsAsync<OperationCanceledException>(() => sink.StoreAsync(Letter("k"), impatient.Token).AsTask());
    }

    [TestMethod]
    public async Task No_more_letters_than_allowed_are_on_their_way_and_none_is_dropped()
    {
        var running = 0;
        var most = 0;
        await using var provider = new FailingProvider
        {
            BeforeSend = async (_, token) =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref running));
                await Task.Delay(2, token);
                Interlocked.Decrement(ref running);
            },
        };
        await using var sink = new ProviderDeadLetterSink(provider, new DeadLetterOptions { MaxInFlight = 4 });

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => sink.StoreAsync(Letter($"k{i}")).AsTask()));

        Assert.IsLessThanOrEqualTo(4, most);
        Assert.HasCount(40, await provider.LettersAsync("events.dlq", 40));
    }

    [TestMethod]
    public async Task A_topic_that_was_deleted_meanwhile_is_made_again()
    {
        await using var provider = new FailingProvider();
        await using var sink = new ProviderDeadLetterSink(provider, new DeadLetterOptions { Retry = Quick });
        await sink.StoreAsync(Letter("1"));
        await provider.Admin.DeleteTopicAsync("events.dlq");

        await sink.StoreAsync(Letter("2"));

        Assert.HasCount(1, await provider.LettersAsync("events.dlq", 1));
    }

    [TestMethod]
    public async Task A_letter_whose_own_reader_fails_is_not_wrapped_again()
    {
        await using var provider = new FailingProvider();
        await using var sink = new ProviderDeadLetterSink(provider);
        await sink.StoreAsync(Letter("k"));
        var read = (await provider.LettersAsync("events.dlq", 1)).Single().Record;

        await sink.StoreAsync(StoredDeadLetterTests.Failed(read, DeadLetterStage.Decode) with { SourceTopic = "events.dlq" });

        Assert.IsFalse((await provider.Admin.ListTopicsAsync()).Contains("events.dlq.dlq"));
        Assert.AreEqual(1, provider.Sends);
    }

    [TestMethod]
    public async Task Letters_about_letters_end_at_the_hops_allowed()
    {
        await using var provider = new FailingProvider();
        await using var sink = new ProviderDeadLetterSink(provider, new DeadLetterOptions { Topic = "dlq", MaxHops = 3 });
        await sink.StoreAsync(Letter("k"));
        for (var hop = 1; hop <= 5; hop++)
        {
            var newest = (await provider.LettersAsync("dlq", Math.Min(hop, 3))).Last().Record;
            await sink.StoreAsync(StoredDeadLetterTests.Failed(newest, DeadLetterStage.Handler) with { SourceTopic = "dlq" });
        }

        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, (await provider.LettersAsync("dlq", 3)).Select(letter => letter.Hops).ToArray());
        Assert.AreEqual(3, provider.Sends);
    }

    [TestMethod]
    public async Task A_disposed_sink_takes_nothing()
    {
        await using var provider = new FailingProvider();
        var sink = new ProviderDeadLetterSink(provider);
        await sink.StoreAsync(Letter("k"));
        await sink.DisposeAsync();
        await sink.DisposeAsync();

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => sink.StoreAsync(Letter("k")).AsTask());

        Assert.AreEqual(StreamErrorKind.Closed, error.Kind);
    }

    [TestMethod]
    public void Options_out_of_range_are_named_together()
    {
        var options = new DeadLetterOptions
        {
            Topic = "no/topic", Partitions = 0, MaxInFlight = 0, Timeout = TimeSpan.Zero, MaxErrorLength = 1, MaxHops = 0,
            Retry = new RetryPolicy { MaxAttempts = 0 }, Spool = new DeadLetterSpoolOptions { Folder = " ", MaxBytes = 1, RetryInterval = TimeSpan.Zero },
        };

        var faults = options.Faults().ToList();

        Assert.HasCount(10, faults);
        Assert.AreEqual(StreamErrorKind.InvalidRequest, Assert.ThrowsExactly<StreamException>(() => new ProviderDeadLetterSink(new FailingProvider(), options)).Kind);
    }

    private static DeadLetter Letter(string key) => StoredDeadLetterTests.Failed(StoredDeadLetterTests.Record(key, [1, 2, 3]), DeadLetterStage.Handler);

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen;)
        {
            var was = Interlocked.CompareExchange(ref most, value, seen);
            if (was == seen)
            {
                return;
            }

            seen = was;
        }
    }
}
