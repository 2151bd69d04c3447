namespace DashStream.Tests.Duplicates;

[TestClass]
public sealed class FileDuplicateStoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("dashstream-ids-");

    public void Dispose() => _folder.Delete(recursive: true);

    [TestMethod]
    public async Task Ids_are_known_after_a_restart_for_their_topic_and_group_only()
    {
        await using (var window = await OpenAsync())
        {
            await Task.WhenAll(Enumerable.Range(0, 500).Select(i => window.AddAsync((UInt128)i).AsTask()));
        }

        await using var again = await OpenAsync();
        await using var other = await OpenAsync(group: "h");

        Assert.IsTrue(await again.ContainsAsync(0));
        Assert.IsTrue(await again.ContainsAsync(499));
        Assert.IsFalse(await again.ContainsAsync(500));
        Assert.IsFalse(await other.ContainsAsync(0));
    }

    [TestMethod]
    public async Task The_last_ids_are_remembered_and_the_files_stay_bounded()
    {
        await using (var window = await OpenAsync(capacity: 10))
        {
            for (var i = 0; i < 1000; i++)
            {
                await window.AddAsync((UInt128)i);
            }
        }

        await using var again = await OpenAsync(capacity: 10);
        for (var i = 990; i < 1000; i++)
        {
            Assert.IsTrue(await again.ContainsAsync((UInt128)i), $"Id {i}.");
        }

        Assert.IsFalse(await again.ContainsAsync(900));
        Assert.IsLessThan(1000, _folder.EnumerateFiles().Sum(file => file.Length));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(19)]
    public async Task A_torn_end_is_cut_off_and_written_over(int torn)
    {
        await using (var window = await OpenAsync())
        {
            await window.AddAsync(1);
            await window.AddAsync(2);
        }

        var file = _folder.EnumerateFiles("*.new").Single();
        using (var stream = file.OpenWrite())
        {
            stream.SetLength(stream.Length - torn);
        }

        await using (var window = await OpenAsync())
        {
            Assert.IsTrue(await window.ContainsAsync(1));
            Assert.IsFalse(await window.ContainsAsync(2));
            await window.AddAsync(3);
        }

        await using var again = await OpenAsync();
        Assert.IsTrue(await again.ContainsAsync(1));
        Assert.IsTrue(await again.ContainsAsync(3));
    }

    [TestMethod]
    public async Task A_window_is_open_once_and_a_foreign_file_is_refused()
    {
        await using (await OpenAsync())
        {
            Assert.AreEqual(StreamErrorKind.Transient, (await Assert.ThrowsExactlyAsync<StreamException>(OpenAsync)).Kind);
        }

        await File.WriteAllTextAsync(_folder.EnumerateFiles("*.new").Single().FullName, "something else altogether");

        Assert.AreEqual(StreamErrorKind.Incompatible, (await Assert.ThrowsExactlyAsync<StreamException>(OpenAsync)).Kind);
    }

    [TestMethod]
    public async Task A_reader_without_a_group_keeps_no_ids_in_files()
    {
        var error = await Assert.ThrowsExactlyAsync<StreamException>(() => new FileDuplicateStore(_folder.FullName).OpenAsync("t", null, 1).AsTask());

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
    }

    private Task<IDuplicateWindow> OpenAsync() => OpenAsync("g");

    private async Task<IDuplicateWindow> OpenAsync(string group = "g", int capacity = 1000) =>
        await new FileDuplicateStore(_folder.FullName).OpenAsync("t", group, capacity);
}
