using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DashStream.Protocol;
using DashStream.Providers;
using DashStream.Stores;
using DashStream.Tests.DeadLetters;
using DashStream.Tests.Stores;

namespace DashStream.Tests.Client;

/// <summary>What fails after everybody who waited for it has gone is not reported as an error that nobody saw: its cause was told in time.</summary>
[TestClass]
public sealed class UnobservedErrorTests
{
    private readonly string _mark = Guid.NewGuid().ToString("N");
    private readonly ConcurrentQueue<string> _unseen = new();

    private StreamException Late => new(StreamErrorKind.Transient, $"failed late {_mark}");

    [TestInitialize]
    public void Watch() => TaskScheduler.UnobservedTaskException += Note;

    [TestCleanup]
    public void Unwatch() => TaskScheduler.UnobservedTaskException -= Note;

    [TestMethod]
    public async Task A_send_that_was_cancelled_or_out_of_time()
    {
        await AssertAllSeenAsync(async () =>
        {
            var provider = new RecordingProvider();
            var stored = new TaskCompletionSource<StreamPosition>(TaskCreationOptions.RunContinuationsAsynchronously);
            provider.Decide = _ => stored.Task;
            using var cancel = new CancellationTokenSource();
            await using var patient = await DashStreamProducer.OpenAsync(provider, "events");
            await using var hasty = await DashStreamProducer.OpenAsync(provider, "events", new() { SendTimeout = TimeSpan.FromMilliseconds(10) });

            var cancelled = patient.SendAsync(Chunk(), cancel.Token).AsTask();
            var late = hasty.SendAsync(Chunk()).AsTask();
            await cancel.CancelAsync();
            await Assert.ThrowsAsync<OperationCanceledException>(() => cancelled);
            Assert.AreEqual(StreamErrorKind.Timeout, (await Assert.ThrowsAsync<StreamException>(() => late)).Kind);
            stored.SetException(Late);
        });
    }

    [TestMethod]
    public async Task A_send_whose_limiter_did_not_answer()
    {
        await AssertAllSeenAsync(async () =>
        {
            var limiter = new LateLimiter();
            await using var producer = await DashStreamProducer.OpenAsync(new RecordingProvider(), "events", new() { RateLimiter = limiter });
            using var cancel = new CancellationTokenSource();

            var sent = producer.SendAsync(Chunk(), cancel.Token).AsTask();
            await cancel.CancelAsync();
            await Assert.ThrowsAsync<OperationCanceledException>(() => sent);
            limiter.Answer.SetException(Late);
        });
    }

    [TestMethod]
    public async Task A_dead_letter_that_took_too_long()
    {
        await AssertAllSeenAsync(async () =>
        {
            await using var provider = new FailingProvider();
            await provider.Admin.CreateTopicAsync(new TopicSpec("events.dlq", 1));
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            provider.BeforeSend = (_, _) => gate.Task;
            await using var sink = new ProviderDeadLetterSink(provider, new() { Timeout = TimeSpan.FromMilliseconds(10), Retry = new() { MaxAttempts = 1 } });

            var letter = new DeadLetter
            {
                Stage = DeadLetterStage.Handler,
                SourceTopic = "events",
                Record = new StreamRecord("key"u8.ToArray(), "value"u8.ToArray()),
                Error = new InvalidOperationException(),
                Attempts = 1,
                ClientId = "group",
            };
            await Assert.ThrowsAsync<StreamException>(() => sink.StoreAsync(letter).AsTask());
            gate.SetException(Late);
        });
    }

    [TestMethod]
    public async Task A_look_at_health_that_took_too_long()
    {
        await AssertAllSeenAsync(async () =>
        {
            var time = new ManualTime();
            var answer = new TaskCompletionSource<IReadOnlyList<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
            var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var store = new FaultyLogStore(time)
            {
                OnCheck = _ =>
                {
                    asked.TrySetResult();
                    return new(answer.Task);
                },
            };
            await using var provider = new LogProvider("faulty", store, new() { Durability = StreamDurability.Process, Persistent = false, MultiProcess = false, MaxRecordBytes = 1024 }, new(), time);

            var check = provider.CheckHealthAsync().AsTask();
            await asked.Task;
            time.Advance(TimeSpan.FromMinutes(1));
            Assert.IsFalse((await check).Ready);
            answer.SetException(Late);
        });
    }

    private async Task AssertAllSeenAsync(Func<Task> act)
    {
        await RunApartAsync(act);

        // What the test left must be garbage before anybody can say that nobody saw it.
        for (var i = 0; i < 10; i++)
        {
            await Task.Delay(10);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.IsEmpty(_unseen);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task RunApartAsync(Func<Task> act) => act();

    private static TokenChunk Chunk() => new() { Header = new Header { ThreadId = "t" }, Text = "text" };

    private void Note(object? sender, UnobservedTaskExceptionEventArgs e)
    {
        if (e.Exception.ToString().Contains(_mark, StringComparison.Ordinal))
        {
            _unseen.Enqueue(e.Exception.ToString());
        }
    }

    private sealed class LateLimiter : IRateLimiter
    {
        public TaskCompletionSource<bool> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<bool> AcquireAsync(string tenantId, int cost, TimeSpan maxWait, CancellationToken cancellationToken = default) => new(Answer.Task);
    }
}
