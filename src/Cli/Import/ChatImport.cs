using DashStream.Analysis;
using DashStream.Protocol;

namespace DashStream.Cli;

/// <summary>Sends chat runs to a topic, some runs at a time, and keeps count of what was stored.</summary>
internal sealed class ChatImport(DashStreamProducer producer, ChatRunConverter converter, Action<string> report)
{
    private const int MessagesAtOnce = 1000;

    private readonly List<DashStreamMessage> _pending = [];
    private readonly List<(long Run, int End)> _runs = [];

    /// <summary>Runs of which every message was stored.</summary>
    public long Runs { get; private set; }

    /// <summary>Runs that could not be read or not be stored in full.</summary>
    public long FaultyRuns { get; private set; }

    /// <summary>Messages stored.</summary>
    public long Messages { get; private set; }

    /// <summary>Imports until the source ends or breaks; runs that came before a break are stored all the same.</summary>
    public async Task RunAsync(IAsyncEnumerable<ChatRunItem> items, Action progress, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in items.WithCancellation(cancellationToken))
            {
                Take(item);
                if (_pending.Count >= MessagesAtOnce)
                {
                    await SendAsync(cancellationToken);
                    progress();
                }
            }
        }
        catch (ImportException)
        {
            await SendAsync(cancellationToken);
            throw;
        }

        await SendAsync(cancellationToken);
    }

    private void Take(ChatRunItem item)
    {
        if (item.Run is null)
        {
            FaultyRuns++;
            report($"not imported: {item.Fault!.Message}");
            return;
        }

        _pending.AddRange(converter.Convert(item.Run));
        _runs.Add((item.Number, _pending.Count));
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var results = await producer.SendBatchAsync(_pending, cancellationToken);
        Exception? fatal = null;
        var start = 0;
        foreach (var (run, end) in _runs)
        {
            var failed = Enumerable.Range(start, end - start).Where(i => !results[i].IsStored).ToList();
            Messages += end - start - failed.Count;
            _ = failed.Count == 0 ? Runs++ : FaultyRuns++;
            foreach (var i in failed)
            {
                report($"run {run}, message {i - start + 1} of {end - start}: not stored: {results[i].Error!.Message}");
                fatal ??= IsOfThisMessageOnly(results[i].Error!) ? null : results[i].Error;
            }

            start = end;
        }

        _pending.Clear();
        _runs.Clear();
        if (fatal is not null)
        {
            throw fatal;
        }
    }

    private static bool IsOfThisMessageOnly(Exception error) =>
        error is StreamException { Kind: StreamErrorKind.TooLarge or StreamErrorKind.InvalidRequest };
}
