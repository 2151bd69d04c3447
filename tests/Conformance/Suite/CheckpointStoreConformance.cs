using DashStream.State;

namespace DashStream.Conformance;

/// <summary>The rules of <see cref="ICheckpointStore"/>, and of checkpoints over it: derive with a <c>[TestClass]</c> for each store.</summary>
/// <typeparam name="TFixture">Opens the store under test.</typeparam>
public abstract class CheckpointStoreConformance<TFixture>
    where TFixture : CheckpointStoreFixture, new()
{
    private readonly TFixture _fixture = new();
    private readonly List<IAsyncDisposable> _opened = [];
    private StoreFolder? _folder;
    private ICheckpointStore? _store;

    private ICheckpointStore Store => _store ?? throw new InvalidOperationException("The store was not opened.");

    [TestInitialize]
    public async Task SetUpAsync()
    {
        _folder = StoreFolder.New();
        _opened.Add(_folder);
        _store = await OpenAsync();
    }

    [TestCleanup]
    public async Task TearDownAsync()
    {
        foreach (var resource in Enumerable.Reverse(_opened))
        {
            await Waits.DisposeAsync(resource, Waits.Disposal);
        }
    }

    [Case]
    public async Task Bytes_come_back_as_they_were()
    {
        foreach (var size in new[] { 0, 1, 1000, 3_000_000 })
        {
            var (name, content) = (Name("t", size + 1), Bytes(size));

            await Store.SaveAsync(name, content);

            var found = await Store.LoadAsync(name);
            Assert.IsTrue(found.HasValue);
            Assert.IsTrue(found.Value.Span.SequenceEqual(content), $"{size} bytes");
        }
    }

    [Case]
    public async Task What_was_never_saved_is_null_and_an_unknown_thread_is_empty()
    {
        Assert.IsNull(await Store.LoadAsync(Name("nobody", 1)));
        Assert.IsEmpty(await Store.ListAsync("", "nobody"));
        Assert.IsFalse(await Store.DeleteAsync(Name("nobody", 1)));
    }

    [Case]
    public async Task Names_are_listed_newest_first_by_time_then_id()
    {
        CheckpointName[] names = [Name("t", 3, 1), Name("t", 1, 9), Name("t", 20, 1), Name("t", 3, 2)];
        foreach (var name in names)
        {
            await Store.SaveAsync(name, Bytes(10));
        }

        var listed = await Store.ListAsync("", "t");

        CollectionAssert.AreEqual(new[] { names[2], names[3], names[0], names[1] }, listed.ToArray());
    }

    [Case]
    public async Task Threads_and_tenants_are_kept_apart_whatever_their_ids_hold()
    {
        string[] odd = ["a", "A", "a/b", "../a", "a\nb", "a b", "ä", "漢😀", "", "%61", "a:", new string('x', 300), "con", "a."];
        foreach (var tenant in odd)
        {
            foreach (var thread in odd)
            {
                await Store.SaveAsync(new CheckpointName(tenant, thread, 1, Id(1)), Text($"{tenant}|{thread}"));
            }
        }

        foreach (var tenant in odd)
        {
            foreach (var thread in odd)
            {
                var name = (await Store.ListAsync(tenant, thread)).Single();
                Assert.AreEqual((tenant, thread), (name.TenantId, name.ThreadId));
                Assert.AreEqual($"{tenant}|{thread}", System.Text.Encoding.UTF8.GetString((await Store.LoadAsync(name))!.Value.Span));
            }
        }
    }

    [Case]
    public async Task Saving_a_name_again_replaces_its_bytes_as_a_whole()
    {
        var name = Name("t", 1);
        await Store.SaveAsync(name, Bytes(5000));

        await Store.SaveAsync(name, Bytes(10));

        Assert.AreEqual(10, (await Store.LoadAsync(name))!.Value.Length);
        Assert.HasCount(1, await Store.ListAsync("", "t"));
    }

    [Case]
    public async Task What_is_removed_is_gone_and_nothing_else()
    {
        await Store.SaveAsync(Name("t", 1), Bytes(10));
        await Store.SaveAsync(Name("t", 2), Bytes(20));

        Assert.IsTrue(await Store.DeleteAsync(Name("t", 1)));

        Assert.IsFalse(await Store.DeleteAsync(Name("t", 1)));
        Assert.IsNull(await Store.LoadAsync(Name("t", 1)));
        Assert.AreEqual(Name("t", 2), (await Store.ListAsync("", "t")).Single());
    }

    [Case]
    public async Task The_memory_given_to_a_save_may_be_used_again()
    {
        var content = Bytes(100);
        await Store.SaveAsync(Name("t", 1), content);

        Array.Clear(content);

        Assert.IsTrue((await Store.LoadAsync(Name("t", 1)))!.Value.Span.SequenceEqual(Bytes(100)));
    }

    [Case]
    public async Task A_store_opened_again_holds_what_was_saved_exactly_if_it_is_persistent()
    {
        await Store.SaveAsync(Name("t", 1), Bytes(1000));
        await Store.DisposeAsync();

        var again = await OpenAsync();

        Assert.AreEqual(_fixture.IsPersistent, (await again.ListAsync("", "t")).Count == 1);
        Assert.AreEqual(_fixture.IsPersistent, (await again.LoadAsync(Name("t", 1))) is { Length: 1000 });
    }

    [Case]
    public async Task Many_saves_at_once_are_all_there()
    {
        await Task.WhenAll(Enumerable.Range(1, 100).Select(i => Store.SaveAsync(Name($"t{i % 7}", i), Bytes(i)).AsTask()));

        var listed = await Task.WhenAll(Enumerable.Range(0, 7).Select(i => Store.ListAsync("", $"t{i}").AsTask()));
        Assert.AreEqual(100, listed.Sum(names => names.Count));
        foreach (var name in listed.SelectMany(names => names))
        {
            Assert.IsTrue((await Store.LoadAsync(name))!.Value.Span.SequenceEqual(Bytes((int)name.CreatedUs)));
        }
    }

    [Case]
    public async Task A_cancelled_call_ends()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => Store.SaveAsync(Name("t", 1), Bytes(1), cancelled.Token).AsTask());
        await Assert.ThrowsAsync<OperationCanceledException>(() => Store.ListAsync("", "t", cancelled.Token).AsTask());
    }

    [Case]
    public async Task Recovery_goes_back_over_bad_checkpoints_to_the_last_good_one_and_names_them()
    {
        var checkpoints = new StateCheckpoints(Store);
        var good = await checkpoints.SaveAsync("t", Text("""{"n":1}"""), new Dictionary<string, string> { ["next"] = "read" });
        for (var i = 2; i <= 3; i++)
        {
            var saved = await checkpoints.SaveAsync("t", Text($$"""{"n":{{i}}}"""));
            var damaged = (await Store.LoadAsync(saved.Name))!.Value.ToArray();
            damaged[^1] ^= 1;
            await Store.SaveAsync(saved.Name, i == 2 ? damaged : damaged[..20]);
        }

        var found = await checkpoints.RecoverAsync("t");

        Assert.AreEqual(good.Name, found.Checkpoint!.Name);
        Assert.AreEqual("read", found.Checkpoint.Metadata["next"]);
        CollectionAssert.AreEqual(
            new[] { CheckpointFault.Truncated, CheckpointFault.ChecksumMismatch }, found.Bad.Select(bad => bad.Error.Fault).ToArray());
    }

    [Case]
    public async Task Cut_at_any_byte_a_checkpoint_is_refused_by_kind_and_the_one_before_it_is_found()
    {
        var checkpoints = new StateCheckpoints(Store);
        var good = await checkpoints.SaveAsync("t", Text("""{"n":1}"""));
        var cut = await checkpoints.SaveAsync("t", Text("""{"n":2}"""));
        var whole = (await Store.LoadAsync(cut.Name))!.Value.ToArray();
        for (var length = 0; length < whole.Length; length++)
        {
            await Store.SaveAsync(cut.Name, whole.AsMemory(0, length));

            var found = await checkpoints.RecoverAsync("t");

            Assert.AreEqual(good.Name, found.Checkpoint!.Name, $"cut at {length}");
            Assert.AreEqual(CheckpointFault.Truncated, found.Bad.Single().Error.Fault, $"cut at {length}");
        }

        whole[4]++;
        await Store.SaveAsync(cut.Name, whole);
        Assert.AreEqual(CheckpointFault.UnsupportedVersion, (await checkpoints.RecoverAsync("t")).Bad.Single().Error.Fault);
    }

    [Case]
    public async Task Old_checkpoints_go_by_count_and_the_newest_good_one_stays()
    {
        var checkpoints = new StateCheckpoints(Store, new StateCheckpointOptions { KeepCount = 3 });
        for (var i = 0; i < 10; i++)
        {
            await checkpoints.SaveAsync("t", Text($$"""{"n":{{i}}}"""));
        }

        var kept = await checkpoints.ListAsync("t");
        Assert.HasCount(3, kept);
        foreach (var name in kept)
        {
            await Store.SaveAsync(name, Bytes(7));
        }

        var older = new StateCheckpoints(Store, new StateCheckpointOptions { KeepCount = 1 });
        Assert.AreEqual(2, await older.ApplyRetentionAsync("t"));
        Assert.HasCount(1, await checkpoints.ListAsync("t"));
    }

    private static CheckpointName Name(string thread, long time, int id = 1) => new("", thread, time, Id(id));

    private static Guid Id(int id) => new(0, 0, 0, [0, 0, 0, 0, 0, 0, 0, (byte)id]);

    private static byte[] Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private async Task<ICheckpointStore> OpenAsync()
    {
        var store = await _fixture.OpenAsync(_folder!.Path);
        _opened.Add(store);
        return store;
    }
}
