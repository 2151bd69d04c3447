using DashStream.Cli;

namespace DashStream.Tests.Cli;

[TestClass]
public sealed class ImportCommandTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dashstream-cli-").FullName;
    private readonly ToolSession _tool = new();

    [TestCleanup]
    public async Task Delete()
    {
        await _tool.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [TestMethod]
    public async Task Runs_are_imported_and_come_back_in_order_per_thread()
    {
        var import = await _tool.RunAsync("import", TestRuns.Write(_folder, 20), "--to", "memory:", "--topic", "runs", "--partitions", "3");

        var parse = await _tool.RunAsync("parse", "memory:", "--topic", "runs", "--format", "jsonl");

        Assert.AreEqual((ExitCodes.Ok, ExitCodes.Ok), (import.Code, parse.Code));
        Assert.Contains("imported 20 runs (440 messages) into topic runs", import.Out);
        var threads = parse.Objects.Select(o => o.GetProperty("header"))
            .GroupBy(h => h.GetProperty("thread_id").GetString(), h => h.GetProperty("sequence").GetInt32()).ToList();
        Assert.HasCount(20, threads);
        Assert.IsTrue(threads.All(thread => thread.SequenceEqual(Enumerable.Range(1, TestRuns.MessagesPerRun))));
        Assert.IsTrue(threads.All(thread => thread.Key!.StartsWith("made-up-", StringComparison.Ordinal)));
    }

    [TestMethod]
    public async Task Prefix_tenant_and_limit_are_honoured()
    {
        await _tool.RunAsync("import", TestRuns.Write(_folder, 5), "--to", "memory:", "--topic", "t", "--prefix", "p", "--tenant", "acme", "--limit", "2");

        var headers = (await _tool.RunAsync("parse", "memory:", "--topic", "t", "--format", "jsonl")).Objects.Select(o => o.GetProperty("header")).ToList();

        Assert.AreEqual("p-0-0 p-1-0", string.Join(' ', headers.Select(h => h.GetProperty("thread_id").GetString()).Distinct().Order()));
        Assert.IsTrue(headers.All(h => h.GetProperty("tenant_id").GetString() == "acme"));
    }

    [TestMethod]
    public async Task A_bad_run_is_named_and_the_others_are_imported()
    {
        var path = Path.Combine(_folder, "runs.jsonl");
        await File.WriteAllTextAsync(path, "{\"messages\":[{\"role\":\"user\"}]}\n{\"messages\":[{\"role\":\"king\"}]}\n{\"messages\":[{\"role\":\"user\"}]}");

        var result = await _tool.RunAsync("import", path, "--to", "memory:", "--topic", "t");

        Assert.AreEqual(ExitCodes.Incomplete, result.Code);
        Assert.Contains("runs.jsonl, run 2, messages[0].role", result.Err);
        Assert.Contains("imported 2 runs", result.Out);
        Assert.Contains("1 run not", result.Out);
    }

    [TestMethod]
    public async Task A_torn_file_says_what_was_imported_until_then()
    {
        var path = Path.Combine(_folder, "torn.json");
        await File.WriteAllTextAsync(path, "[{\"messages\":[{\"role\":\"user\"}]}, {\"messages\":");

        var result = await _tool.RunAsync("import", path, "--to", "memory:", "--topic", "t");

        Assert.AreEqual(ExitCodes.Failure, result.Code);
        Assert.Contains("until then: imported 1 run", result.Err);
        Assert.Contains("error: ", result.Err);
        Assert.Contains("torn.json, run 2", result.Err);
    }

    [TestMethod]
    public async Task A_message_over_the_limit_is_named_and_the_rest_is_stored()
    {
        var path = Path.Combine(_folder, "big.jsonl");
        var big = new string('x', 11 * 1024 * 1024);
        await File.WriteAllTextAsync(path, $"{{\"messages\":[{{\"role\":\"user\",\"content\":\"{big}\"}},{{\"role\":\"user\",\"content\":\"small\"}}]}}");

        var result = await _tool.RunAsync("import", path, "--to", "memory:", "--topic", "t");

        Assert.AreEqual(ExitCodes.Incomplete, result.Code);
        Assert.Contains("run 1: 1 of 8 messages not stored; message 3: ", result.Err);
        Assert.Contains("7 messages", result.Out);
    }

    [TestMethod]
    public async Task An_interrupted_import_says_so_in_one_line()
    {
        var path = TestRuns.Write(_folder, 500);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        var result = await _tool.RunAsync(["import", path, "--to", "memory:", "--topic", "t"], stop.Token);

        Assert.AreEqual(ExitCodes.Interrupted, result.Code);
        Assert.AreEqual(1, result.Err.Split('\n').Count(line => line == "interrupted"));
    }

    [TestMethod]
    public async Task Original_stores_are_imported_with_times_and_keys()
    {
        var file = await _tool.RunAsync("import", "original-file", GoldenData.Trimmed("golden", "original-stores", "file"), "--to", "memory:a");
        var sqlite = await _tool.RunAsync("import", "original-sqlite", CopyOfDatabase(), "--to", "memory:b", "--topic", "airline", "--as", "flights");

        Assert.Contains("airline: 60 entries read, 60 imported into topic airline", file.Out);
        Assert.Contains("airline: 60 entries read, 60 imported into topic flights", sqlite.Out);
        var a = (await _tool.RunAsync("parse", "memory:a", "--topic", "airline", "--format", "jsonl")).Lines;
        var b = (await _tool.RunAsync("parse", "memory:b", "--topic", "flights", "--format", "jsonl")).Lines;
        Assert.HasCount(60, a);
        CollectionAssert.AreEqual(a, b);
    }

    [TestMethod]
    [DataRow("1")]
    [DataRow("3")]
    public async Task A_group_of_the_original_goes_on_where_it_had_committed(string partitions)
    {
        string[] stores = ["original-file", GoldenData.Trimmed("golden", "original-stores", "file"), "original-sqlite", CopyOfDatabase()];
        foreach (var (kind, place) in ((string, string)[])[(stores[0], stores[1]), (stores[2], stores[3])])
        {
            var import = await _tool.RunAsync("import", kind, place, "--to", $"memory:{kind}", "--partitions", partitions);
            var all = await _tool.RunAsync("parse", $"memory:{kind}", "--topic", "airline", "--format", "jsonl");
            var rest = await _tool.RunAsync("parse", $"memory:{kind}", "--topic", "airline", "--format", "jsonl", "--group", "readers");
            var again = await _tool.RunAsync("parse", $"memory:{kind}", "--topic", "airline", "--format", "jsonl", "--group", "readers");

            Assert.AreEqual((ExitCodes.Ok, ExitCodes.Ok), (import.Code, rest.Code), import.Err + rest.Err);
            Assert.Contains("groups: readers at 30", import.Out);
            Assert.HasCount(60, all.Lines);
            CollectionAssert.AreEqual(all.Objects.Select(Sequence).Order().Skip(30).ToList(), rest.Objects.Select(Sequence).ToList());
            Assert.IsEmpty(again.Lines);
        }

        static long Sequence(System.Text.Json.JsonElement message) => message.GetProperty("header").GetProperty("sequence").GetInt64();
    }

    [TestMethod]
    public async Task Importing_an_original_store_twice_is_refused()
    {
        string[] args = ["import", "original-file", GoldenData.Trimmed("golden", "original-stores", "file"), "--to", "memory:"];
        await _tool.RunAsync(args);

        var again = await _tool.RunAsync(args);
        var appended = await _tool.RunAsync([.. args, "--append"]);

        Assert.AreEqual(ExitCodes.Failure, again.Code);
        Assert.Contains("holds records already", again.Err);
        Assert.Contains("60 imported", appended.Out);
    }

    [TestMethod]
    public async Task Bad_lines_of_an_original_store_are_named_and_counted()
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(GoldenData.Trimmed("golden", "original-stores", "file"), "airline.jsonl"));
        lines[3] = "{\"offset\":3,\"timestamp_us\":1,\"data\":\"!!\"}";
        lines[5] = "{\"offset\":5,\"timestamp_us\":1,\"data\":\"/////w==\"}";
        await File.WriteAllTextAsync(Path.Combine(_folder, "t.jsonl"), string.Join('\n', lines[..10]) + "\n" + lines[10][..40]);

        var strict = await _tool.RunAsync("import", "original-file", _folder, "--to", "memory:");
        var keeping = await _tool.RunAsync("import", "original-file", _folder, "--to", "memory:2", "--keep-undecodable");

        Assert.AreEqual(ExitCodes.Incomplete, strict.Code);
        Assert.Contains("t: 11 entries read, 8 imported into topic t, 3 not imported", strict.Out);
        Assert.Contains("t, line 4: its data is not base64", strict.Err);
        Assert.Contains("t, line 6: its payload is no message", strict.Err);
        Assert.Contains("t, line 11: it is torn", strict.Err);
        Assert.Contains("8 imported into topic t, 1 kept as they are, 2 not imported", keeping.Out);
        var parse = await _tool.RunAsync("parse", "memory:2", "--topic", "t", "--format", "jsonl");
        Assert.AreEqual(ExitCodes.Incomplete, parse.Code);
        Assert.Contains("unreadable: 0@", parse.Err);
        Assert.HasCount(8, parse.Lines);
    }

    [TestMethod]
    [DataRow("import", "original-sqlite", "NOFILE", "--to", "memory:")]
    [DataRow("import", "original-file", "NOFILE", "--to", "memory:")]
    [DataRow("import", "NOFILE", "--to", "memory:", "--topic", "t")]
    [DataRow("parse", "memory:", "--topic", "none")]
    [DataRow("parse", "file:NOFILE", "--topic", "none")]
    [DataRow("topics", "sqlite:NOFILE")]
    public async Task What_is_not_there_is_one_error_line(params string[] args)
    {
        var missing = Path.Combine(_folder, "missing");

        var result = await _tool.RunAsync([.. args.Select(arg => arg.Replace("NOFILE", missing, StringComparison.Ordinal))]);

        Assert.AreEqual(ExitCodes.Failure, result.Code);
        Assert.HasCount(1, result.Err.Split('\n').Where(line => line.StartsWith("error: ", StringComparison.Ordinal)));
        Assert.IsFalse(Path.Exists(missing));
    }

    [TestMethod]
    public async Task A_file_that_is_no_database_is_refused()
    {
        var path = Path.Combine(_folder, "x.db");
        await File.WriteAllTextAsync(path, new string('x', 10_000));

        var result = await _tool.RunAsync("import", "original-sqlite", path, "--to", "memory:");

        Assert.AreEqual(ExitCodes.Failure, result.Code);
        Assert.Contains("cannot be read as a SQLite store", result.Err);
    }

    [TestMethod]
    public async Task A_source_that_cannot_be_read_leaves_no_topic_behind()
    {
        var path = Path.Combine(_folder, "x.json");
        await File.WriteAllTextAsync(path, "no json");

        var result = await _tool.RunAsync("import", path, "--to", "memory:", "--topic", "t");
        var topics = await _tool.RunAsync("topics", "memory:", "--format", "jsonl");

        Assert.AreEqual((ExitCodes.Failure, ""), (result.Code, topics.Out));
    }

    private string CopyOfDatabase()
    {
        var copy = Path.Combine(_folder, "original.db");
        File.Copy(GoldenData.Trimmed("golden", "original-stores", "dashstream.db"), copy);
        return copy;
    }
}
