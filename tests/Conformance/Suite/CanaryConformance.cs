using System.Text;
using DashStream.Protocol;
using Google.Protobuf;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DashStream.Conformance;

/// <summary>
/// A secret is put into everything that may hold one, and then looked for in everything that is stored redacted or told to anybody. The messages are made from the
/// schema, so a new field is in them. Take a field out of the walk of redaction, or put a text of a message into an error, and a case here fails.
/// </summary>
/// <typeparam name="TFixture">Opens the provider under test.</typeparam>
public abstract class CanaryConformance<TFixture> : ConformanceSuite<TFixture>
    where TFixture : ConformanceFixture, new()
{
    private static readonly MessageCodec Codec = new(new MessageCodecOptions { Decoding = FrameDecoding.Compatible, RequireHeader = false });

    private readonly CanaryWatch _watch;

    protected CanaryConformance() => _watch = Track(new CanaryWatch());

    [Case]
    [Rule("DS-107", "With redaction on, a secret in any place of any message is in no record, no dead letter, no log, no span, no metric and no error")]
    public async Task What_is_sent_redacted_holds_no_secret()
    {
        Assert.IsEmpty(SecretMessages.Unknown);
        var topic = await CreateTopicAsync();
        var provider = new UnreliableSends(Provider);
        var redactor = new MessageRedactor();
        await using var letters = new ProviderDeadLetterSink(Provider, new DeadLetterOptions { Scrub = redactor.RedactText }, logger: _watch);
        var options = new DashStreamProducerOptions { Redaction = new RedactionOptions(), DeadLetters = letters };
        await using var producer = await DashStreamProducer.OpenAsync(provider, topic, options, logger: _watch);
        var messages = new SecretMessages(_watch.Secret).All;
        Assert.IsTrue(messages.All(message => Holds(message.ToByteArray())), "Each has the secret before.");

        foreach (var message in messages)
        {
            await producer.SendAsync(message);
        }

        foreach (var fate in (SendFate[])[SendFate.Lost, SendFate.Refused])
        {
            provider.FateOf = _ => fate;
            foreach (var message in messages)
            {
                await FailsAsync(producer, message);
                var mayStillBeSent = producer.Post(message);

                // One that is lost is tried again, and may have failed for good by now on a busy machine.
                Assert.IsFalse(mayStillBeSent && fate == SendFate.Refused);
            }
        }

        await producer.StopAsync(Waits.Positive);

        foreach (var record in await ReadAsync(topic, messages.Count))
        {
            Look("a record", record);
            var kept = Codec.Decode(record.Value!.Value);
            _watch.LookAtBytes($"a stored {kept.MessageCase}", kept.ToByteArray());
        }

        await LookAtLettersAsync($"{topic}.dlq", 2 * messages.Count, withPayload: true);
        AssertNothingLeaked();
    }

    [Case]
    [Rule("DS-108", "What is wrong with a message is told without quoting it, whatever refuses it")]
    public async Task Refusals_do_not_quote_what_they_refuse()
    {
        var topic = await CreateTopicAsync();
        var messages = new SecretMessages(_watch.Secret).All;
        (string What, DashStreamProducerOptions Options)[] refusals =
        [
            ("too large", new() { Codec = new MessageCodecOptions { MaxMessageBytes = 1, CompressionEnabled = false } }),
            ("no time to redact", new() { Redaction = new RedactionOptions { DefaultRules = false, TimeLimit = TimeSpan.FromMilliseconds(1), Rules = { new() { Pattern = @"(?=(([a-z0-9]+)+)+!)" } } } }),
            ("no permits", new() { RateLimiter = new NoPermits(), MaxWait = TimeSpan.FromMilliseconds(1) }),
        ];

        foreach (var (what, options) in refusals)
        {
            await using var producer = await DashStreamProducer.OpenAsync(Provider, topic, options, logger: _watch);
            foreach (var message in messages)
            {
                await FailsAsync(producer, message);
                producer.Post(message);
            }

            _watch.Look(what, await producer.StopAsync(Waits.Positive));
        }

        await using var plain = await DashStreamProducer.OpenAsync(Provider, topic, logger: _watch);
        foreach (var message in messages)
        {
            var header = new Header { ThreadId = "thread", MessageId = ByteString.CopyFromUtf8(_watch.Secret) };
            var wrong = message.Clone();
            var body = (IMessage)DashStreamMessage.Descriptor.FindFieldByNumber((int)message.MessageCase).Accessor.GetValue(wrong);
            body.Descriptor.FindFieldByName("header")?.Accessor.SetValue(body, header);
            await FailsAsync(plain, wrong);
        }

        AssertNothingLeaked();
    }

    [Case]
    [Rule("DS-109", "A consumer tells nothing of what it reads: not of keys, headers and bytes that cannot be decoded, nor of messages whose handlers fail")]
    public async Task A_consumer_tells_nothing_of_what_it_reads()
    {
        var topic = await CreateTopicAsync();
        var secrets = new SecretMessages(_watch.Secret).All;
        byte[][] garbage = [.. Enumerable.Range(0, 4).Select(first => (byte[])[(byte)first, .. Encoding.UTF8.GetBytes(_watch.Secret)]), Encoding.UTF8.GetBytes($"{{\"{_watch.Secret}\":1}}")];
        StreamHeaders headers = [new("authorization", _watch.Secret), new("ds-producer", "p"), new("traceparent", _watch.Secret), new("tracestate", _watch.Secret)];
        await SendAsync(topic, secrets.Select(message => message.ToByteArray()).Concat(garbage)
            .Select(bytes => new StreamRecord(Sample.Bytes(_watch.Secret), bytes, headers)));
        await using var letters = new ProviderDeadLetterSink(Provider, logger: _watch);
        await using (var consumer = await OpenWatchedAsync(topic, options => (options.DeadLetters, options.Retry.MaxAttempts, options.DuplicateWindow) = (letters, 2, 100)))
        {
            var run = consumer.RunAsync((_, _) => throw new InvalidDataException("The case makes every message fail."));
            await Waits.UntilAsync(() => consumer.Status.Finished == secrets.Count + garbage.Length, "everything became a letter");
            _watch.Look("the status", consumer.Status.ToString());
            _watch.Look("the receipt", (await consumer.StopAsync(Waits.Positive)).ToString());
            await run;
        }

        await LookAtLettersAsync($"{topic}.dlq", secrets.Count + garbage.Length, withPayload: false);
        foreach (var bytes in garbage)
        {
            var poisoned = await CreateTopicAsync(name: "poison");
            await SendAsync(poisoned, new StreamRecord(Sample.Bytes(_watch.Secret), bytes, headers));
            await using var consumer = await OpenWatchedAsync(poisoned, _ => { });
            var run = consumer.RunAsync((_, _) => ValueTask.CompletedTask);
            await Waits.EndsAsync(run, "the run ended");
            _watch.Look("the error that ends a run", run.Exception);
        }

        AssertNothingLeaked();
    }

    [Case]
    [Rule("DS-110", "Health, spans and metrics tell the kind of an error and never its text, which may quote a message")]
    public async Task Health_spans_and_metrics_do_not_quote_errors()
    {
        Require(Capabilities.Groups, nameof(Capabilities.Groups));
        var topic = await FilledAsync(count: 1, threads: 1);
        var backend = new UnreliableSends(Provider);
        var letters = new LetterBox { Refuses = true, Reason = _watch.Secret };

        await using (var host = await HandlerHost.StartAsync(
            backend, topic, ClientGroup, (_, _) => throw new InvalidDataException(_watch.Secret), options => (options.DeadLetters, options.Retry.MaxAttempts) = (letters, 1)))
        {
            await host.UntilAsync(HandlerHost.Ready, HealthStatus.Unhealthy, "dead letters cannot be stored");
            Look(await host.CheckAsync(HandlerHost.Ready));
            Look(await host.CheckAsync(HandlerHost.Live));
        }

        await using (var host = await HandlerHost.StartAsync(
            backend, topic, ClientGroup, (_, _) => throw new InvalidDataException(_watch.Secret), options => options.Retry.MaxAttempts = 1))
        {
            await host.UntilAsync(HandlerHost.Live, HealthStatus.Unhealthy);
            Look(await host.CheckAsync(HandlerHost.Live));
        }

        AssertNothingLeaked();
    }

    private bool Holds(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes).Contains(_watch.Secret, StringComparison.Ordinal);

    private async Task<DashStreamConsumer> OpenWatchedAsync(string topic, Action<DashStreamConsumerOptions> configure)
    {
        var options = new DashStreamConsumerOptions { Retry = new RetryPolicy { BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(2) } };
        configure(options);
        return await DashStreamConsumer.OpenAsync(Provider, topic, group: null, options, logger: _watch);
    }

    private async Task FailsAsync(DashStreamProducer producer, DashStreamMessage message) =>
        _watch.Look($"the error of a {message.MessageCase}", await Assert.ThrowsAsync<StreamException>(() => producer.SendAsync(message).AsTask()));

    private async Task LookAtLettersAsync(string topic, int count, bool withPayload)
    {
        var letters = await new DeadLetterReader(Provider, topic).ReadAsync().ToListAsync();
        Assert.HasCount(count, letters);
        foreach (var letter in letters)
        {
            _watch.Look("the error of a letter", $"{letter.Document.Error} {letter.Reason} {letter.Stack}");
            if (withPayload)
            {
                Look("a letter", letter.Record);
                _watch.LookAtBytes("the payload of a letter", Codec.Decode(letter.ToOriginal().Value!.Value).ToByteArray());
            }
        }
    }

    private void Look(string where, StreamRecord record)
    {
        _watch.LookAtBytes(where, record.Key.Span);
        _watch.LookAtBytes(where, record.Value!.Value.Span);
        foreach (var header in record.Headers)
        {
            _watch.LookAtBytes($"{where}, header {header.Name}", header.Value.Span);
        }
    }

    private void Look(HealthReportEntry entry)
    {
        _watch.Look("health", entry.Description);
        _watch.Look("health", entry.Exception);
        _watch.Look("the data of health", entry.Data.ToList());
    }

    private void AssertNothingLeaked()
    {
        _watch.Observe();
        Assert.IsGreaterThan(0, _watch.Looked, "The case looked at something.");
        Assert.IsEmpty(_watch.Leaks, $"The secret was seen in: {string.Join("; ", _watch.Leaks)}");
    }

    private sealed class NoPermits : IRateLimiter
    {
        public ValueTask<bool> AcquireAsync(string tenantId, int cost, TimeSpan maxWait, CancellationToken cancellationToken = default) => new(false);
    }
}
