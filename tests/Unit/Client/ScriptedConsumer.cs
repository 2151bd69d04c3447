using System.Buffers;
using DashStream.Protocol;

namespace DashStream.Tests.Client;

/// <summary>A consumer over a <see cref="ScriptedProvider"/> that owns partition 0, and what tests do with one.</summary>
internal sealed class ScriptedConsumer : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly MessageCodec _codec = new();
    private Task _run = Task.CompletedTask;

    private ScriptedConsumer(ScriptedProvider provider, DashStreamConsumer consumer)
    {
        Provider = provider;
        Consumer = consumer;
    }

    public ScriptedProvider Provider { get; }

    public DashStreamConsumer Consumer { get; }

    public static async Task<ScriptedConsumer> OpenAsync(DashStreamConsumerOptions? options = null, TimeProvider? time = null)
    {
        var provider = new ScriptedProvider();
        options ??= new();
        options.CommitInterval = TimeSpan.FromMilliseconds(5);
        var consumer = await DashStreamConsumer.OpenAsync(provider, "events", "group", options, time);
        await provider.AssignAsync(0);
        return new ScriptedConsumer(provider, consumer);
    }

    public Task Run(Func<ReceivedMessage, CancellationToken, ValueTask> handler) => _run = Consumer.RunAsync(handler);

    public Task Run(Action<string> handler) => Run((message, _) =>
    {
        handler(message.Message.TokenChunk.Text);
        return ValueTask.CompletedTask;
    });

    public Task RunBatches(Action<IReadOnlyList<string>> handler) => _run = Consumer.RunBatchesAsync((messages, _) =>
    {
        handler([.. messages.Select(message => message.Message.TokenChunk.Text)]);
        return ValueTask.CompletedTask;
    });

    public void Put(
        string thread, string text, ulong sequence = 0, string tenant = "", Action<Header>? header = null, StreamHeaders? headers = null, int partition = 0)
    {
        DashStreamMessage message = new TokenChunk { Header = new() { ThreadId = thread, TenantId = tenant, Sequence = sequence }, Text = text };
        header?.Invoke(message.TokenChunk.Header);
        Put(thread, message, headers, partition);
    }

    public void Put(string key, DashStreamMessage message, StreamHeaders? headers = null, int partition = 0)
    {
        var buffer = new ArrayBufferWriter<byte>();
        _codec.Encode(message, buffer);
        Provider.Put(key, buffer.WrittenSpan.ToArray(), partition, headers);
    }

    public bool HasCommitted(int offset) => Provider.Commits.Any(position => position.Offset >= (UInt128)offset);

    public static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(2, limit.Token);
        }
    }

    public async Task<StopReceipt> StopAsync()
    {
        var receipt = await Consumer.StopAsync(Patience);
        await _run.WaitAsync(Patience);
        return receipt;
    }

    public ValueTask DisposeAsync() => Consumer.DisposeAsync();
}
