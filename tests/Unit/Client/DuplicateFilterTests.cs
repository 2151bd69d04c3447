using System.Collections.Concurrent;
using Google.Protobuf;
using static DashStream.Tests.Client.ScriptedConsumer;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class DuplicateFilterTests
{
    private readonly ConcurrentQueue<string> _handled = new();

    [TestMethod]
    public async Task A_message_that_comes_again_counts_as_done_and_is_not_handled()
    {
        await using var script = await OpenAsync(new() { DuplicateWindow = 100 });
        _ = script.Run(_handled.Enqueue);
        Put(script, "a", "first", 1);
        Put(script, "a", "first again", 1);
        Put(script, "a", "same id, other tenant", 1, tenant: "other");
        Put(script, "b", "second", 2);
        script.Put("c", "without id");
        script.Put("c", "without id");

        await UntilAsync(() => script.HasCommitted(5));
        await script.StopAsync();

        CollectionAssert.AreEquivalent(new[] { "first", "same id, other tenant", "second", "without id", "without id" }, _handled.ToArray());
    }

    [TestMethod]
    public async Task A_message_that_failed_or_became_a_letter_is_no_duplicate()
    {
        var sink = new ScriptedSink();
        var retry = new RetryPolicy { MaxAttempts = 2, BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1) };
        await using var script = await OpenAsync(new() { DuplicateWindow = 100, DeadLetters = sink, Retry = retry });
        var failures = 0;
        _ = script.Run(text =>
        {
            if (failures++ < 2)
            {
                throw new InvalidDataException("no");
            }

            _handled.Enqueue(text);
        });
        Put(script, "a", "bad", 1);
        Put(script, "a", "replayed", 1);

        await UntilAsync(() => script.HasCommitted(1));
        await script.StopAsync();

        Assert.AreEqual("bad", sink.Letters.Single().Message!.TokenChunk.Text);
        Assert.AreEqual("replayed", _handled.Single());
    }

    [TestMethod]
    public async Task After_a_seek_back_messages_are_handled_again()
    {
        await using var script = await OpenAsync(new() { DuplicateWindow = 100 });
        _ = script.Run(_handled.Enqueue);
        Put(script, "a", "once", 1);
        await UntilAsync(() => _handled.Count == 1);

        await script.Consumer.SeekAsync(0, SeekTarget.Beginning);
        script.Provider.Rewind();
        Put(script, "a", "twice", 1);
        await UntilAsync(() => _handled.Count == 2);
        Put(script, "a", "new, but known", 1);
        await UntilAsync(() => script.HasCommitted(1));
        await script.StopAsync();

        Assert.HasCount(2, _handled);
    }

    [TestMethod]
    public async Task A_message_is_done_only_when_its_id_is_kept()
    {
        var store = new ScriptedStore { Refuses = true };
        await using var script = await OpenAsync(new()
        {
            DuplicateWindow = 100,
            DuplicateStore = store,
            Retry = new() { BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1) },
        });
        _ = script.Run(_handled.Enqueue);
        Put(script, "a", "1", 1);
        await UntilAsync(() => store.Attempts > 2);
        Assert.AreEqual(1, script.Consumer.Status.InFlight);
        Assert.IsEmpty(script.Provider.Commits);

        store.Refuses = false;
        await UntilAsync(() => script.HasCommitted(0));
        await script.StopAsync();

        Assert.AreEqual("events group 100", store.Opened);
        Assert.HasCount(1, _handled);
    }

    [TestMethod]
    public async Task In_the_pull_style_what_was_done_is_known_too()
    {
        await using var script = await OpenAsync(new() { DuplicateWindow = 100 });
        Put(script, "a", "1", 1);
        Put(script, "a", "1 again", 1);
        Put(script, "a", "2", 2);
        await foreach (var message in script.Consumer.ReadAllAsync())
        {
            _handled.Enqueue(message.Message.TokenChunk.Text);
            message.Done();
            message.Done();
            if (_handled.Count == 2)
            {
                break;
            }
        }

        await script.StopAsync();
        Assert.AreEqual("1 2", string.Join(' ', _handled));
        Assert.AreEqual(new StreamPosition(0, 2), script.Provider.Commits[^1]);
    }

    private static void Put(ScriptedConsumer script, string thread, string text, byte id, string tenant = "") =>
        script.Put(thread, text, tenant: tenant, header: header => header.MessageId = ByteString.CopyFrom([.. Enumerable.Repeat(id, 16)]));

    [TestMethod]
    public async Task A_message_of_a_resumed_thread_that_the_store_could_not_look_up_does_not_wait_for_what_is_behind_it()
    {
        var store = new ScriptedStore();
        var retry = new RetryPolicy { BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1) };
        await using var script = await OpenAsync(new() { DuplicateWindow = 100, DuplicateStore = store, GapPolicy = GapPolicy.HaltThread, Retry = retry });
        _ = script.Run(_handled.Enqueue);
        Numbered("1", 1);
        Numbered("5", 5);
        Numbered("6", 6);
        Numbered("7", 7);
        await UntilAsync(() => script.Consumer.Status.HaltedThreads is [{ Waiting: 3 }]);

        // 5 is let through by the number check, and has to be taken up again while 6 and 7 still stand aside.
        store.Unanswered = 2;
        Assert.IsTrue(script.Consumer.ResumeThread("", "a"));

        await UntilAsync(() => script.HasCommitted(3));
        Assert.AreEqual("1 5 6 7", string.Join(' ', _handled));
        Assert.IsLessThanOrEqualTo(0, store.Unanswered);
        Assert.IsEmpty(script.Consumer.Status.HaltedThreads);
        await script.StopAsync();

        void Numbered(string text, byte number) =>
            script.Put("a", text, number, header: header => header.MessageId = ByteString.CopyFrom([.. new byte[15], number]));
    }

    private sealed class ScriptedStore : IDuplicateStore, IDuplicateWindow
    {
        private volatile bool _refuses;
        private int _attempts;

        public bool Refuses
        {
            get => _refuses;
            set => _refuses = value;
        }

        public int Attempts => Volatile.Read(ref _attempts);

        public string? Opened { get; private set; }

        public ValueTask<IDuplicateWindow> OpenAsync(string topic, string? group, int capacity, CancellationToken cancellationToken = default)
        {
            Opened = $"{topic} {group} {capacity}";
            return new(this);
        }

        /// <summary>So many questions to come are not answered.</summary>
        public int Unanswered { get; set; }

        public ValueTask<bool> ContainsAsync(UInt128 id, CancellationToken cancellationToken = default) =>
            Unanswered-- > 0 ? throw new IOException("The store does not answer.") : new(false);

        public ValueTask AddAsync(UInt128 id, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _attempts);
            return _refuses ? ValueTask.FromException(new StreamException(StreamErrorKind.Transient, "away")) : ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
