using System.Text;
using DashStream.Cli;
using DashStream.Conformance;

namespace DashStream.Tests.Cli;

/// <summary>
/// A secret is put into everything that a store can hold and into every place of a call that may have one, and is looked for in all that the tool prints. Messages
/// are made from the schema, so a new field is in them.
/// </summary>
[TestClass]
public sealed class ToolSecretsTests
{
    private const string Store = "memory:";
    private const string Thread = "remembers";

    private readonly string _folder = Directory.CreateTempSubdirectory("dashstream-secrets-").FullName;
    private readonly CanaryWatch _watch = new();
    private readonly ToolSession _tool;

    public ToolSecretsTests() => _tool = new ToolSession(name => name switch
    {
        "KAFKA_OPERATION_TIMEOUT_SECS" => "1",
        "KAFKA_SECURITY_PROTOCOL" => "sasl_plaintext",
        "KAFKA_SASL_MECHANISM" => "PLAIN",
        "KAFKA_SASL_USERNAME" => "alice",
        "KAFKA_SASL_PASSWORD" or "REDIS_PASSWORD" => _watch.Secret,
        _ => null,
    });

    public TestContext TestContext { get; set; } = null!;

    [TestCleanup]
    public async Task Delete()
    {
        await _tool.DisposeAsync();
        await _watch.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [TestMethod]
    [DataRow("parse {store} --topic runs")]
    [DataRow("parse {store} --topic runs --group {group}")]
    [DataRow("parse {store} --topic runs --format json")]
    [DataRow("parse {store} --topic runs --format jsonl")]
    [DataRow("dlq list --from {store} --topic runs.dlq")]
    [DataRow("dlq list --from {store} --topic runs.dlq --format jsonl")]
    [DataRow("dlq show {letter} --from {store} --topic runs.dlq")]
    [DataRow("dlq show {letter} --from {store} --topic runs.dlq --format json")]
    [DataRow("state remembers --from {store} --topic states")]
    [DataRow("state remembers --from {store} --topic states --format json")]
    [DataRow("state remembers --from {store} --topic states --steps")]
    [DataRow("state remembers --from {store} --topic states --steps --format json")]
    [DataRow("state remembers --from {store} --topic states --diff 2 latest")]
    [DataRow("state remembers --from {store} --topic states --diff 2 latest --format json")]
    [DataRow("state remembers --from {store} --topic states --compare differs")]
    [DataRow("state remembers --from {store} --topic states --compare differs --format json")]
    public async Task A_report_shows_secrets_of_messages_only_when_it_is_asked_to(string report)
    {
        await FillAsync();

        await PrintAsync(report, showSecrets: false);

        Assert.IsEmpty(_watch.Leaks);
        await PrintAsync(report, showSecrets: true);
        Assert.IsNotEmpty(_watch.Leaks, "What was looked for is there.");
    }

    [TestMethod]
    [DataRow("dlq list --from {store} --topic runs.dlq --totals")]
    [DataRow("dlq replay --from {store} --topic runs.dlq --dry-run")]
    [DataRow("dlq replay --from {store} --topic runs.dlq --format jsonl")]
    [DataRow("dlq replay --from {store} --topic runs.dlq --to-topic nowhere")]
    [DataRow("dlq edit {letter} --from {store} --topic runs.dlq --key {secret} --set-header authorization={secret}")]
    [DataRow("dlq purge --from {store} --topic runs.dlq --all")]
    [DataRow("topics {store}")]
    [DataRow("groups {store}")]
    public async Task What_only_counts_or_moves_messages_tells_nothing_of_them(string report)
    {
        await FillAsync();

        Assert.IsGreaterThan(0, await PrintAsync(report, showSecrets: null));

        Assert.IsEmpty(_watch.Leaks);
    }

    [TestMethod]
    public async Task A_message_with_a_secret_is_printed_for_editing_as_it_is_or_not_at_all()
    {
        await FillAsync();
        var letter = (await LettersAsync())[0];
        string[] show = ["dlq", "show", letter, "--from", Store, "--topic", "runs.dlq", "--format", "message"];

        var refused = await RunAsync(show);
        Assert.AreEqual((ExitCodes.Usage, ""), (refused.Code, refused.Out));
        Assert.Contains("--show-secrets", refused.Err);
        Assert.IsEmpty(_watch.Leaks);
        Assert.Contains(_watch.Secret, (await RunAsync([.. show, "--show-secrets"])).Out);
    }

    [TestMethod]
    public async Task What_cannot_be_imported_or_edited_is_not_quoted()
    {
        await FillAsync();
        var letter = (await LettersAsync())[0];
        string[] sources =
        [
            $"[{{\"traj\":[{{\"role\":\"{_watch.Secret}\",\"content\":\"x\"}}]}}]",
            $"[{{\"traj\":[{{\"role\":\"user\",\"content\":\"{_watch.Secret}\"}}]}},{_watch.Secret}]",
            $"{{\"traj\":\"{_watch.Secret}\"}}",
            $"\"{_watch.Secret}\"",
            _watch.Secret,
        ];
        foreach (var (text, i) in sources.Select((text, i) => (text, i)))
        {
            var file = Path.Combine(_folder, $"{i}.json");
            await File.WriteAllTextAsync(file, text, TestContext.CancellationToken);
            await FailsAsync("import", file, "--to", Store, "--topic", $"imported-{i}");
            await FailsAsync("import", "original-file", file, "--to", Store);
            await FailsAsync("import", "original-sqlite", file, "--to", Store);
            await FailsAsync("dlq", "edit", letter, "--from", Store, "--topic", "runs.dlq", "--message", file);
        }

        Assert.IsEmpty(_watch.Leaks);
    }

    [TestMethod]
    [DataRow("redis://alice:{secret}@127.0.0.1:1")]
    [DataRow("redis://:{secret}@127.0.0.1:1")]
    [DataRow("redis://127.0.0.1:1")]
    [DataRow("redis://{secret}@127.0.0.1:1")]
    [DataRow("redis://alice:{secret}@127.0.0.1:port")]
    [DataRow("redis://alice:{secret}@")]
    [DataRow("rediss://alice:{secret}@127.0.0.1:1")]
    [DataRow("reds://alice:{secret}@127.0.0.1:1")]
    [DataRow("alice:{secret}@127.0.0.1:1")]
    [DataRow("kafka://127.0.0.1:1")]
    [DataRow("kafka://alice:{secret}@127.0.0.1:1")]
    [DataRow("kafka://127.0.0.1:1?sasl.password={secret}")]
    [DataRow("sqlite:/dev/null/all.db;Password={secret}")]
    [DataRow("file:/dev/null/all?token={secret}")]
    [DataRow("http://alice:{secret}@127.0.0.1/")]
    public async Task No_command_repeats_the_credentials_of_a_store(string uri)
    {
        uri = uri.Replace("{secret}", _watch.Secret, StringComparison.Ordinal);
        var runs = TestRuns.Write(_folder, 1);
        foreach (var args in (string[][])
        [
            ["topics", uri],
            ["groups", uri],
            ["parse", uri, "--topic", "runs"],
            ["parse", uri],
            ["import", runs, "--to", uri, "--topic", "runs"],
            ["dlq", "list", "--from", uri, "--topic", "runs.dlq"],
            ["dlq", "replay", "--from", Store, "--to", uri, "--topic", "runs.dlq"],
            ["state", "thread", "--from", uri, "--topic", "runs"],
            ["state", "thread", "--from", Store, "--topic", "runs", "--compare", "other", "--compare-from", uri],
            [uri],
            ["topics", Store, uri],
            ["topics", Store, "--store", uri],
            ["topics", Store, $"--store={uri}"],
            ["parse", Store, "--topic", uri],
            ["dlq", "show", uri],
        ])
        {
            await FailsAsync(args);
        }

        Assert.IsEmpty(_watch.Leaks);
    }

    [TestMethod]
    [DataRow("--help")]
    [DataRow("{command} --help")]
    [DataRow("{command} --password {secret}")]
    [DataRow("{command} --password={secret}")]
    [DataRow("{command} --password:{secret}")]
    [DataRow("{command} -p{secret} --api-key {secret}")]
    [DataRow("{command} {secret} {secret} {secret}")]
    public async Task Neither_help_nor_refused_options_repeat_what_was_given(string line)
    {
        foreach (var command in (string[])["topics", "groups", "parse", "import", "import original-file", "dlq", "dlq list", "dlq show", "dlq edit", "dlq replay", "dlq purge", "state"])
        {
            var result = await RunAsync(line.Replace("{command}", command, StringComparison.Ordinal).Replace("{secret}", _watch.Secret, StringComparison.Ordinal).Split(' '));
            Assert.AreNotEqual("", result.Out + result.Err);
        }

        Assert.IsEmpty(_watch.Leaks);
    }

    [TestMethod]
    [DataRow("--rate")]
    [DataRow("--limit")]
    [DataRow("--stage")]
    [DataRow("--since")]
    [DataRow("--format")]
    [DataRow("--max-replays")]
    public async Task A_mistaken_value_of_a_known_option_is_repeated_only_without_its_secrets(string option)
    {
        await FailsAsync("dlq", "replay", "--from", Store, "--topic", "runs.dlq", option, $"redis://alice:{_watch.Secret}@host");
        await FailsAsync("dlq", "replay", "--from", Store, "--topic", "runs.dlq", option, $"password={_watch.Secret}");

        Assert.IsEmpty(_watch.Leaks);
    }

    private async Task FailsAsync(params string[] args)
    {
        var result = await RunAsync(args);
        Assert.AreNotEqual(ExitCodes.Ok, result.Code, string.Join(' ', args));
        Assert.AreNotEqual("", result.Err);
    }

    private async Task<ToolResult> RunAsync(params string[] args)
    {
        var result = await _tool.RunAsync(args);
        _watch.Look($"the output of {string.Join(' ', args)}:\n{result.Out}", result.Out);
        _watch.Look($"the errors of {string.Join(' ', args)}:\n{result.Err}", result.Err);
        foreach (var base64 in result.Out.Split('"').Where(text => text.Length > 20 && text.Length % 4 == 0))
        {
            var bytes = new byte[base64.Length];
            _watch.LookAtBytes($"base64 in the output of {string.Join(' ', args)}", Convert.TryFromBase64String(base64, bytes, out var length) ? bytes.AsSpan(0, length) : []);
        }

        return result;
    }

    /// <summary>Runs the line, once for each letter if it names one.</summary>
    /// <returns>How many characters were printed.</returns>
    private async Task<int> PrintAsync(string line, bool? showSecrets)
    {
        var printed = 0;
        string[] letters = line.Contains("{letter}", StringComparison.Ordinal) ? await LettersAsync() : [""];
        foreach (var letter in letters)
        {
            string[] args = [.. line.Split(' ').Select(arg => arg.Replace("{store}", Store, StringComparison.Ordinal)
                .Replace("{group}", $"g-{showSecrets}", StringComparison.Ordinal)
                .Replace("{letter}", letter, StringComparison.Ordinal).Replace("{secret}", _watch.Secret, StringComparison.Ordinal))];
            var result = await RunAsync(showSecrets == true ? [.. args, "--show-secrets"] : args);
            Assert.IsTrue(result.Code is ExitCodes.Ok or ExitCodes.Different or ExitCodes.Incomplete, $"{line}: {result.Err}");
            printed += result.Out.Length + result.Err.Length;
        }

        return printed;
    }

    private async Task<string[]> LettersAsync() =>
        [.. (await _tool.RunAsync("dlq", "list", "--from", Store, "--topic", "runs.dlq", "--format", "jsonl")).Objects.Select(letter => letter.GetProperty("id").GetString()!)];

    private async Task FillAsync()
    {
        await using var store = _tool.Open(Store);
        foreach (var topic in (string[])["runs", "states"])
        {
            await store.Provider.Admin.CreateTopicAsync(new TopicSpec(topic, 1));
        }

        var messages = new SecretMessages(_watch.Secret).All;
        await using (var producer = await DashStreamProducer.OpenAsync(store.Provider, "runs"))
        {
            await producer.SendBatchAsync(messages);
        }

        var garbage = Encoding.UTF8.GetBytes($"no message, and \"password\": \"{_watch.Secret}\"");
        byte[][] poison = [garbage, [0, .. garbage], [1, .. garbage], [0xff, .. garbage]];
        await StoreLettersAsync(store.Provider, [.. messages.Select(message => Encoded(message)), .. poison]);
        await RecordStatesAsync(store.Provider);
    }

    private async Task StoreLettersAsync(IStreamProvider provider, IEnumerable<ReadOnlyMemory<byte>> payloads)
    {
        await using var sink = new ProviderDeadLetterSink(provider);
        var key = Encoding.UTF8.GetBytes(_watch.Secret);
        StreamHeaders headers = [new("authorization", "hidden"), new("x-note", _watch.Secret), new("x-bytes", (byte[])[0xff, .. key])];
        foreach (var payload in payloads)
        {
            await sink.StoreAsync(new DeadLetter
            {
                Stage = DeadLetterStage.Handler,
                SourceTopic = "runs",
                Record = new StreamRecord(key, payload, headers, 5, new StreamPosition(0, 3)),
                Error = new InvalidOperationException($"refused by redis://alice:{_watch.Secret}@host", new IOException(_watch.Secret)),
                Attempts = 3,
                ClientId = "workers",
            });
        }
    }

    private async Task RecordStatesAsync(IStreamProvider provider)
    {
        await using var producer = await DashStreamProducer.OpenAsync(provider, "states");
        foreach (var thread in (string[])[Thread, "differs"])
        {
            await using var runs = new DashStreamRuns(producer);
            using var run = runs.Start(thread, new RunGraph { Name = "test" });
            run.State(new { at = "start", token = _watch.Secret + thread }, options: null);
            run.State(new { at = "end", token = _watch.Secret + thread, said = new[] { _watch.Secret, thread } }, options: null);
            run.Complete();
            await runs.FlushAsync(TimeSpan.FromSeconds(20));
        }
    }

    private static ReadOnlyMemory<byte> Encoded(DashStream.Protocol.DashStreamMessage message)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        new MessageCodec(new MessageCodecOptions { CompressionEnabled = false }).Encode(message, buffer);
        return buffer.WrittenMemory;
    }
}
