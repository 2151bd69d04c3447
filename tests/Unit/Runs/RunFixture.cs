using DashStream.Protocol;
using DashStream.Tests.Client;

namespace DashStream.Tests.Runs;

/// <summary>Runs recorded into a provider that does what the test says, and what came out.</summary>
internal sealed class RunFixture : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly MessageCodec _codec = new();
    private readonly DashStreamProducer _producer;

    private RunFixture(DashStreamProducer producer, RecordingProvider provider, DashStreamRunsOptions? options, TimeProvider? time)
    {
        _producer = producer;
        Provider = provider;
        Runs = new DashStreamRuns(producer, options, time);
    }

    public RecordingProvider Provider { get; }

    public DashStreamRuns Runs { get; }

    /// <summary>The records as they were stored.</summary>
    public IReadOnlyList<DashStreamMessage> Stored => [.. Provider.Records.Select(record => _codec.Decode(record.Value!.Value))];

    /// <summary>The same with the events of batches one by one.</summary>
    public IReadOnlyList<DashStreamMessage> Messages =>
        [.. Stored.SelectMany(message => message.EventBatch?.Events.Select(inner => (DashStreamMessage)inner) ?? [message])];

    public IReadOnlyList<Event> Events => [.. Messages.Where(message => message.Event is not null).Select(message => message.Event)];

    public static async Task<RunFixture> OpenAsync(DashStreamRunsOptions? options = null, TimeProvider? time = null)
    {
        var provider = new RecordingProvider();
        return new RunFixture(await DashStreamProducer.OpenAsync(provider, "runs"), provider, options, time);
    }

    public async Task<RunCounts> FlushAsync() => await Runs.FlushAsync(Patience);

    /// <summary>From here on nothing is decided until the returned source is completed.</summary>
    public TaskCompletionSource<StreamPosition> Block()
    {
        var gate = new TaskCompletionSource<StreamPosition>(TaskCreationOptions.RunContinuationsAsynchronously);
        Provider.Decide = _ => gate.Task;
        return gate;
    }

    public async ValueTask DisposeAsync()
    {
        await Runs.DisposeAsync();
        await _producer.DisposeAsync();
    }
}
