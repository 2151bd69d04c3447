using System.Security.Cryptography;
using System.Text.Json;
using DashStream.Protocol;
using DashStream.Providers;
using DashStream.State;
using DashStream.Tests.Crash;
using Google.Protobuf;

namespace DashStream.Tests.State;

[TestClass]
public sealed class CheckpointTests
{
    private static readonly string Large = $$"""{"text":"{{new string('x', 5000)}}"}""";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task A_moment_comes_back_with_its_place_and_what_was_put_beside_it()
    {
        var checkpoints = new StateCheckpoints(new MemoryCheckpointStore());
        var moment = Moment(Large) with { Sequence = 7, Position = new StreamPosition(2, 99), Producer = "p", TimestampUs = 5 };

        var saved = await checkpoints.SaveAsync(moment, new Dictionary<string, string> { ["next"] = "search" });
        var loaded = await checkpoints.LoadAsync(saved.Name);

        Assert.AreEqual(Large, loaded.Moment.State.ToArray().Text());
        Assert.AreEqual(moment with { State = default, Kind = StateMomentKind.Checkpoint }, loaded.Moment with { State = default });
        Assert.AreEqual("search", loaded.Metadata["next"]);
    }

    [TestMethod]
    public async Task A_stored_checkpoint_is_compressed_and_small_ones_are_not()
    {
        var store = new MemoryCheckpointStore();
        var checkpoints = new StateCheckpoints(store);

        var large = await store.LoadAsync((await checkpoints.SaveAsync(Moment(Large))).Name);
        var small = await store.LoadAsync((await checkpoints.SaveAsync(Moment("{}"))).Name);

        Assert.IsLessThan(Large.Length / 10, large!.Value.Length);
        Assert.IsNull(Checkpoint.Parser.ParseFrom(small!.Value.Span[48..]).CompressionInfo);
    }

    [TestMethod]
    public async Task Cut_at_any_byte_and_changed_at_any_byte_it_is_refused_by_kind()
    {
        foreach (var json in new[] { "{\"n\":1}", Large })
        {
            var store = new MemoryCheckpointStore();
            var checkpoints = new StateCheckpoints(store);
            var name = (await checkpoints.SaveAsync(Moment(json))).Name;
            var content = (await store.LoadAsync(name))!.Value.ToArray();
            for (var at = 0; at < content.Length; at++)
            {
                Assert.AreEqual(CheckpointFault.Truncated, await FaultOfAsync(content[..at]), $"cut at {at}");
                byte[] changed = [.. content];
                changed[at] ^= 0x10;
                var fault = await FaultOfAsync(changed);
                Assert.IsTrue(
                    fault == (at switch { < 4 => CheckpointFault.NotACheckpoint, 4 => CheckpointFault.UnsupportedVersion, >= 8 and < 16 => CheckpointFault.Truncated, _ => CheckpointFault.ChecksumMismatch }),
                    $"changed at {at}: {fault}");
            }

            Assert.AreEqual(CheckpointFault.Truncated, await FaultOfAsync([.. content, 0]));

            async Task<CheckpointFault> FaultOfAsync(byte[] bytes)
            {
                await store.SaveAsync(name, bytes);
                return (await Assert.ThrowsExactlyAsync<CheckpointException>(() => checkpoints.LoadAsync(name).AsTask())).Fault;
            }
        }
    }

    [TestMethod]
    public async Task A_newer_version_is_incompatible_and_says_so()
    {
        var error = await RefusedAsync(Moment("{}"), content =>
        {
            content[4] = 2;
            return content;
        });

        Assert.AreEqual((CheckpointFault.UnsupportedVersion, StreamErrorKind.Incompatible), (error.Fault, error.Kind));
        Assert.Contains("version 2", error.Message);
    }

    [TestMethod]
    public async Task Messages_inside_that_are_wrong_are_refused_by_kind()
    {
        (Action<Checkpoint> Change, CheckpointFault Fault)[] cases =
        [
            (message => message.Header.ThreadId = "other", CheckpointFault.WrongThread),
            (message => message.Header.TenantId = "other", CheckpointFault.WrongThread),
            (message => message.Header = null, CheckpointFault.WrongThread),
            (message => message.CheckpointId = ByteString.CopyFrom(new byte[16]), CheckpointFault.WrongThread),
            (message => message.CheckpointId = ByteString.Empty, CheckpointFault.Malformed),
            (message => message.Metadata["ds-state-hash"] = new string('0', 64), CheckpointFault.HashMismatch),
            (message => message.Checksum = ByteString.CopyFrom(new byte[32]), CheckpointFault.ChecksumMismatch),
            (message => message.Checksum = ByteString.CopyFrom(1), CheckpointFault.Malformed),
            (message => message.State = ByteString.Empty, CheckpointFault.Malformed),
            (message => message.CompressionInfo = new CompressionInfo { Type = (CompressionType)77 }, CheckpointFault.UnsupportedCompression),
            (message => message.CompressionInfo.UncompressedSize = 1L << 40, CheckpointFault.Malformed),
            (message => SetState(message, "{broken"), CheckpointFault.Malformed),
            (message => SetState(message, new string('[', 200)), CheckpointFault.TooLarge),
        ];
        foreach (var (i, (change, fault)) in cases.Index())
        {
            var error = await RefusedAsync(Moment(Large), content =>
            {
                var message = Checkpoint.Parser.ParseFrom(content.AsSpan(48));
                change(message);
                return CheckpointEnvelope.Wrap(message.ToByteArray());
            });

            Assert.AreEqual(fault, error.Fault, $"case {i}: {error.Message}");
        }

        Assert.AreEqual(CheckpointFault.Malformed, (await RefusedAsync(Moment("{}"), _ => CheckpointEnvelope.Wrap([0xff, 0xff]))).Fault);
    }

    [TestMethod]
    public async Task A_state_over_the_limit_is_refused_before_memory_is_taken()
    {
        var store = new MemoryCheckpointStore();
        var name = (await new StateCheckpoints(store).SaveAsync(Moment(Large))).Name;
        var strict = new StateCheckpoints(store, new() { State = new() { MaxStateBytes = 100 } });

        var error = await Assert.ThrowsExactlyAsync<CheckpointException>(() => strict.LoadAsync(name).AsTask());

        Assert.AreEqual((CheckpointFault.TooLarge, StreamErrorKind.TooLarge), (error.Fault, error.Kind));
    }

    [TestMethod]
    public async Task The_message_of_a_large_state_names_its_place_and_is_verified_when_read()
    {
        var store = new MemoryCheckpointStore();
        var checkpoints = new StateCheckpoints(store, new() { MaxInlineBytes = 1000 });
        var large = checkpoints.ToMessage(await checkpoints.SaveAsync(Moment(Large)));
        var small = checkpoints.ToMessage(await checkpoints.SaveAsync(Moment("{}")));

        Assert.IsTrue(large.State.IsEmpty);
        Assert.StartsWith("checkpoint:", large.StorageUri);
        Assert.AreEqual(Large, (await checkpoints.ReadStateAsync(large)).ToArray().Text());
        Assert.AreEqual("{}", (await checkpoints.ReadStateAsync(small)).ToArray().Text());

        large.Checksum = ByteString.CopyFrom(new byte[32]);
        Assert.AreEqual(CheckpointFault.ChecksumMismatch, (await Assert.ThrowsExactlyAsync<CheckpointException>(() => checkpoints.ReadStateAsync(large).AsTask())).Fault);
        foreach (var uri in new[] { "s3://bucket/x", "checkpoint:1", "checkpoint:x/y", "checkpoint:1/" + Guid.Empty.ToString("N") })
        {
            large.StorageUri = uri;
            Assert.AreEqual(CheckpointFault.StateMissing, (await Assert.ThrowsExactlyAsync<CheckpointException>(() => checkpoints.ReadStateAsync(large).AsTask())).Fault, uri);
        }
    }

    [TestMethod]
    public async Task Checkpoints_go_by_age_except_the_newest_good_one()
    {
        var time = new ManualTime();
        var checkpoints = new StateCheckpoints(new MemoryCheckpointStore(), new() { KeepAge = TimeSpan.FromHours(1) }, time);
        await checkpoints.SaveAsync(Moment("1"));
        await checkpoints.SaveAsync(Moment("2"));
        time.Advance(TimeSpan.FromHours(2));

        Assert.AreEqual(1, await checkpoints.ApplyRetentionAsync("t"));

        Assert.AreEqual("2", (await checkpoints.RecoverAsync("t")).Checkpoint!.Moment.State.ToArray().Text());
        await checkpoints.SaveAsync(Moment("3"));
        Assert.HasCount(1, await checkpoints.ListAsync("t"));
    }

    [TestMethod]
    public async Task A_clock_set_back_does_not_hide_the_newest()
    {
        var store = new MemoryCheckpointStore();
        await new StateCheckpoints(store, time: new ManualTime(DateTimeOffset.UnixEpoch.AddDays(2))).SaveAsync(Moment("1"));
        await new StateCheckpoints(store, time: new ManualTime(DateTimeOffset.UnixEpoch.AddDays(1))).SaveAsync(Moment("2"));

        Assert.AreEqual("2", (await new StateCheckpoints(store).RecoverAsync("t")).Checkpoint!.Moment.State.ToArray().Text());
    }

    [TestMethod]
    [DataRow("file")]
    [DataRow("sqlite")]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Killed_while_it_saves_a_process_leaves_only_good_checkpoints_and_the_last_acknowledged_one(string scheme)
    {
        var folder = Directory.CreateTempSubdirectory("dashstream-checkpoints-").FullName;
        var place = Path.Combine(folder, "store");
        for (var round = 0; round < 4; round++)
        {
            await using var process = CrashProcess.Start($"{scheme}:{place}", "checkpoint", "t", "300000");
            await process.ReadAsync(2 + (3 * round));
            await process.KillAsync();
            var acknowledged = int.Parse(process.Lines[^1].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

            await using ICheckpointStore store = scheme == "file" ? new FileCheckpointStore(place) : new SqliteCheckpointStore(place);
            var found = await new StateCheckpoints(store).RecoverAsync("t", cancellationToken: TestContext.CancellationToken);

            Assert.IsEmpty(found.Bad);
            Assert.IsGreaterThanOrEqualTo(acknowledged, JsonDocument.Parse(found.Checkpoint!.Moment.State).RootElement.GetProperty("n").GetInt32());
        }

        Directory.Delete(folder, recursive: true);
    }

    [TestMethod]
    public async Task A_file_that_is_no_checkpoint_database_is_refused_and_left_as_it_is()
    {
        var folder = Directory.CreateTempSubdirectory("dashstream-checkpoints-").FullName;
        var (text, provider) = (Path.Combine(folder, "text"), Path.Combine(folder, "provider.db"));
        await File.WriteAllTextAsync(text, new string('x', 5000), TestContext.CancellationToken);
        await using (var other = new SqliteProvider(provider))
        {
            await other.Admin.CreateTopicAsync(new TopicSpec("t"), TestContext.CancellationToken);
        }

        foreach (var path in new[] { text, provider })
        {
            await using var store = new SqliteCheckpointStore(path);
            var error = await Assert.ThrowsExactlyAsync<StreamException>(() => store.ListAsync("", "t", TestContext.CancellationToken).AsTask());
            Assert.AreEqual(StreamErrorKind.Incompatible, error.Kind, error.Message);
        }

        Assert.AreEqual(new string('x', 5000), await File.ReadAllTextAsync(text, TestContext.CancellationToken));
        Directory.Delete(folder, recursive: true);
    }

    [TestMethod]
    public async Task A_cut_checkpoint_database_is_an_error_and_never_an_empty_one()
    {
        var folder = Directory.CreateTempSubdirectory("dashstream-checkpoints-").FullName;
        var path = Path.Combine(folder, "checkpoints.db");
        await using (var store = new SqliteCheckpointStore(path))
        {
            await new StateCheckpoints(store).SaveAsync(Moment(Large), cancellationToken: TestContext.CancellationToken);
        }

        var whole = await File.ReadAllBytesAsync(path, TestContext.CancellationToken);
        for (var length = 2; length < whole.Length; length += length < 128 ? 1 : 97)
        {
            await File.WriteAllBytesAsync(path, whole[..length], TestContext.CancellationToken);
            await using var store = new SqliteCheckpointStore(path);
            var error = await Assert.ThrowsExactlyAsync<StreamException>(() => new StateCheckpoints(store).RecoverAsync("t").AsTask(), $"cut at {length}");
            Assert.IsTrue(error.Kind is StreamErrorKind.Corrupt or StreamErrorKind.Incompatible, $"cut at {length}: {error.Message}");
            Assert.AreEqual(length, new FileInfo(path).Length);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static void SetState(Checkpoint message, string json)
    {
        message.State = ByteString.CopyFromUtf8(json);
        message.CompressionInfo = null;
        message.Checksum = ByteString.CopyFrom(SHA256.HashData(json.Utf8()));
    }

    private static async Task<CheckpointException> RefusedAsync(StateMoment moment, Func<byte[], byte[]> change)
    {
        var store = new MemoryCheckpointStore();
        var checkpoints = new StateCheckpoints(store);
        var name = (await checkpoints.SaveAsync(moment)).Name;
        await store.SaveAsync(name, change((await store.LoadAsync(name))!.Value.ToArray()));
        return await Assert.ThrowsExactlyAsync<CheckpointException>(() => checkpoints.LoadAsync(name).AsTask());
    }

    private static StateMoment Moment(string json) => new() { ThreadId = "t", State = json.Utf8(), Hash = json.Hash() };
}
