using DashStream.Analysis;

namespace DashStream.Tests.Analysis;

[TestClass]
public sealed class OriginalFileStoreTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dashstream-original-").FullName;

    [TestCleanup]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public async Task Topics_lines_and_groups_of_a_real_store_are_read()
    {
        var store = new OriginalFileStore(GoldenData.Trimmed("golden", "original-stores", "file"));

        var entries = await store.ReadAsync("airline").ToListAsync();
        var (groups, faults) = store.Groups("airline");

        Assert.AreEqual("airline", store.Topics().Single());
        Assert.HasCount(60, entries);
        Assert.IsTrue(entries.All(entry => entry.Fault is null && entry.TimestampUs > 0));
        Assert.AreEqual(new OriginalGroup("readers", 30), groups.Single());
        Assert.IsEmpty(faults);
    }

    [TestMethod]
    public async Task Positions_are_lines_whatever_the_offset_member_says()
    {
        Write("t.jsonl", "{\"offset\":9,\"timestamp_us\":5,\"data\":\"AQ==\"}\n{\"offset\":1,\"timestamp_us\":6,\"data\":\"Ag==\"}\n");

        var entries = await new OriginalFileStore(_folder).ReadAsync("t").ToListAsync();

        Assert.AreEqual("0 1", string.Join(' ', entries.Select(entry => entry.Offset)));
    }

    [TestMethod]
    public async Task Bad_lines_keep_their_place_and_say_what_is_wrong()
    {
        Write("t.jsonl", "{\"data\":\"AQ==\"}\n{\"data\":\"!\"}\n\n{\"data\":5}\nxx\n{\"data\":\"AQ==\"}\n{\"data\":\"AQ");

        var entries = await new OriginalFileStore(_folder).ReadAsync("t").ToListAsync();

        Assert.HasCount(7, entries);
        Assert.IsNull(entries[0].Fault);
        Assert.Contains("not base64", entries[1].Fault!);
        Assert.Contains("not valid JSON", entries[2].Fault!);
        Assert.Contains("data text", entries[3].Fault!);
        Assert.Contains("not valid JSON", entries[4].Fault!);
        Assert.AreEqual(("line 6", 5, (string?)null), (entries[5].Place, entries[5].Offset, entries[5].Fault));
        Assert.Contains("torn", entries[6].Fault!);
    }

    [TestMethod]
    public void A_bad_group_file_is_told_and_the_others_are_read()
    {
        Directory.CreateDirectory(Path.Combine(_folder, ".offsets"));
        Write(".offsets/a.json", "{\"offsets\":{\"t\":3,\"u\":1}}");
        Write(".offsets/b.json", "{\"offsets\":{\"t\":-3}}");
        Write(".offsets/c.json", "{\"off");
        Write(".offsets/d.json", "{\"offsets\":{}}");
        Write(".offsets/e.json.tmp.1", "{}");

        var (groups, faults) = new OriginalFileStore(_folder).Groups("t");

        Assert.AreEqual(new OriginalGroup("a", 3), groups.Single());
        Assert.HasCount(2, faults);
    }

    [TestMethod]
    public async Task A_missing_topic_or_folder_is_a_typed_error()
    {
        await Assert.ThrowsExactlyAsync<ImportException>(async () => await new OriginalFileStore(_folder).ReadAsync("no").ToListAsync());

        Assert.ThrowsExactly<ImportException>(() => new OriginalFileStore(Path.Combine(_folder, "no")).Topics());
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);
}
