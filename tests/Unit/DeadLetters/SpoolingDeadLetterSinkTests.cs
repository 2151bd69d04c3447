namespace DashStream.Tests.DeadLetters;

[TestClass]
public sealed class SpoolingDeadLetterSinkTests
{
    private static readonly RetryPolicy Once = new() { MaxAttempts = 1 };

    private readonly string _folder = Directory.CreateTempSubdirectory("dashstream-spool-").FullName;

    [TestCleanup]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public async Task Letters_wait_on_the_disk_while_the_provider_is_away_and_follow_in_order()
    {
        var away = true;
        await using var provider = new FailingProvider { BeforeSend = (_, _) => away ? Task.FromException(FailingProvider.Error(StreamErrorKind.Transient)) : Task.CompletedTask };
        await using var sink = Open(provider);

        for (var i = 0; i < 5; i++)
        {
            await sink.StoreAsync(Letter($"k{i}"));
        }

        Assert.AreEqual((5, 0), (sink.GetStatus().Letters, sink.GetStatus().PutAside));
        Assert.IsGreaterThan(0L, sink.GetStatus().Bytes);
        Assert.IsNotNull(sink.GetStatus().LastError);

        away = false;
        await UntilEmptyAsync(sink);
        CollectionAssert.AreEqual(new[] { "k0", "k1", "k2", "k3", "k4" }, await ThreadsAsync(provider, 5));
        Assert.IsNull(sink.GetStatus().LastError);
    }

    [TestMethod]
    public async Task What_one_process_left_the_next_one_stores()
    {
        await using (var down = new FailingProvider { BeforeSend = (_, _) => Task.FromException(FailingProvider.Error(StreamErrorKind.Unauthorized)) })
        {
            await using var first = Open(down);
            await first.StoreAsync(Letter("left"));
        }

        await using var provider = new FailingProvider();
        await using var second = Open(provider);
        second.Start();

        await UntilEmptyAsync(second);
        CollectionAssert.AreEqual(new[] { "left" }, await ThreadsAsync(provider, 1));
    }

    [TestMethod]
    public async Task A_file_that_was_never_finished_is_no_letter_and_a_damaged_one_is_put_aside()
    {
        await using var provider = new FailingProvider();
        var good = new SpooledLetter("events.dlq", StoredDeadLetterTests.Create(Letter("good"))).ToBytes();
        File.WriteAllBytes(Path.Combine(_folder, "1.new"), good[..20]);
        File.WriteAllBytes(Path.Combine(_folder, "2.letter"), good[..^1]);
        File.WriteAllBytes(Path.Combine(_folder, "3.letter"), []);
        File.WriteAllBytes(Path.Combine(_folder, "4.letter"), good);
        await using var sink = Open(provider);
        sink.Start();

        await UntilEmptyAsync(sink);

        CollectionAssert.AreEqual(new[] { "good" }, await ThreadsAsync(provider, 1));
        Assert.AreEqual(2, sink.GetStatus().PutAside);
        Assert.IsTrue(File.Exists(Path.Combine(_folder, "2.letter.damaged")));
    }

    [TestMethod]
    public async Task A_letter_that_the_provider_never_takes_does_not_hold_up_the_others()
    {
        await using (var down = new FailingProvider { BeforeSend = (_, _) => Task.FromException(FailingProvider.Error(StreamErrorKind.Transient)) })
        {
            await using var first = Open(down, options => options.RetryInterval = TimeSpan.FromHours(1));
            await first.StoreAsync(Letter("refused"));
            await first.StoreAsync(Letter("good"));
        }

        await using var provider = new FailingProvider
        {
            BeforeSend = (n, _) => n == 1 ? Task.FromException(FailingProvider.Error(StreamErrorKind.TooLarge)) : Task.CompletedTask,
        };
        await using var sink = Open(provider);
        sink.Start();

        await UntilEmptyAsync(sink);
        CollectionAssert.AreEqual(new[] { "good" }, await ThreadsAsync(provider, 1));
        Assert.AreEqual(1, sink.GetStatus().PutAside);
    }

    [TestMethod]
    public async Task A_full_spool_refuses_instead_of_dropping()
    {
        await using var provider = new FailingProvider { BeforeSend = (_, _) => Task.FromException(FailingProvider.Error(StreamErrorKind.Transient)) };
        await using var sink = Open(provider, options => options.MaxBytes = 1024 * 1024);
        var letter = StoredDeadLetterTests.Failed(StoredDeadLetterTests.Record("k", new byte[400_000]), DeadLetterStage.Send);
        await sink.StoreAsync(letter);

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => sink.StoreAsync(letter).AsTask());

        Assert.AreEqual(StreamErrorKind.Full, error.Kind);
        Assert.AreEqual(1, sink.GetStatus().Letters);
    }

    [TestMethod]
    public async Task A_folder_that_cannot_be_written_is_an_error()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        await using var provider = new FailingProvider { BeforeSend = (_, _) => Task.FromException(FailingProvider.Error(StreamErrorKind.Transient)) };
        await using var sink = Open(provider, options => options.Folder = Path.Combine(file, "below"));

        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => sink.StoreAsync(Letter("k")).AsTask());

        Assert.Contains("spool", error.Message);
    }

    [TestMethod]
    public async Task Nothing_is_spooled_while_the_provider_works()
    {
        await using var provider = new FailingProvider();
        await using var sink = Open(provider, options => options.Folder = Path.Combine(_folder, "unused"));

        await sink.StoreAsync(Letter("k"));

        Assert.HasCount(1, await provider.LettersAsync("events.dlq", 1));
        Assert.AreEqual(0, sink.GetStatus().Letters);
        Assert.IsFalse(Directory.Exists(Path.Combine(_folder, "unused")));
    }

    [TestMethod]
    public async Task A_spooled_letter_keeps_every_byte()
    {
        var record = StoredDeadLetterTests.Create(StoredDeadLetterTests.Failed(
            new StreamRecord(new byte[] { 0xff, 0 }, (byte[]?)null, [new("a", "1"), new("a", new byte[] { 0xfe })], 5, new StreamPosition(1, 2)), DeadLetterStage.Decode));

        var back = SpooledLetter.Parse(new SpooledLetter("topic", record).ToBytes());

        Assert.AreEqual("topic", back.Topic);
        Assert.IsTrue(back.Record.Value!.Value.Span.SequenceEqual(record.Value!.Value.Span));
        Assert.IsTrue(back.Record.Key.Span.SequenceEqual(record.Key.Span));
        CollectionAssert.AreEqual(
            record.Headers.Select(header => header.Name + Convert.ToHexString(header.Value.Span)).ToList(),
            back.Record.Headers.Select(header => header.Name + Convert.ToHexString(header.Value.Span)).ToList());
        await Task.CompletedTask;
    }

    private static DeadLetter Letter(string thread) => StoredDeadLetterTests.Failed(StoredDeadLetterTests.Record(thread, [1]), DeadLetterStage.Send);

    private static async Task<string?[]> ThreadsAsync(FailingProvider provider, int count) =>
        [.. (await provider.LettersAsync("events.dlq", count)).Select(letter => letter.Document.ThreadId)];

    private static async Task UntilEmptyAsync(SpoolingDeadLetterSink sink)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (sink.GetStatus() is { Letters: > 0 } or { LastError: not null })
        {
            Assert.IsLessThan(30, TimeProvider.System.GetElapsedTime(started).TotalSeconds, "The spool did not run empty.");
            await Task.Delay(5);
        }
    }

    private SpoolingDeadLetterSink Open(IStreamProvider provider, Action<DeadLetterSpoolOptions>? configure = null)
    {
        var options = new DeadLetterSpoolOptions { Folder = _folder, RetryInterval = TimeSpan.FromMilliseconds(20) };
        configure?.Invoke(options);
        return new SpoolingDeadLetterSink(new ProviderDeadLetterSink(provider, new DeadLetterOptions { Retry = Once }), options);
    }
}
