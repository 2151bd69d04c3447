using System.Runtime.ExceptionServices;
using DashStream.Analysis;
using DashStream.Cli.Output;
using DashStream.Cli.Secrets;
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

    /// <summary>
    /// Imports until the source ends or breaks; runs that came before a break are stored all the same. Cancelling ends it between two batches, so that what was
    /// begun is stored whole.
    /// </summary>
    public async Task RunAsync(IAsyncEnumerable<ChatRunItem> items, Action progress, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in items.WithCancellation(cancellationToken))
            {
                Take(item);
                if (_pending.Count >= MessagesAtOnce)
                {
                    await SendAsync();
                    progress();
                }
            }
        }
        catch (ImportException)
        {
            await SendAsync();
            throw;
        }

        await SendAsync();
    }

    private void Take(ChatRunItem item)
    {
        if (item.Run is null)
        {
            FaultyRuns++;
            report($"not imported: {ReportRedaction.On.Text(ErrorText.InOneLine(item.Fault!))}");
            return;
        }

        _pending.AddRange(converter.Convert(item.Run));
        _runs.Add((item.Number, _pending.Count));
    }

    private async Task SendAsync()
    {
        var results = await producer.SendBatchAsync(_pending, CancellationToken.None);
        Exception? fatal = null;
        var start = 0;
        foreach (var (run, end) in _runs)
        {
            var failed = Enumerable.Range(start, end - start).Where(i => !results[i].IsStored).ToList();
            Messages += end - start - failed.Count;
            if (failed.Count == 0)
            {
                Runs++;
            }
            else
            {
                FaultyRuns++;
                var first = results[failed[0]].Error!;
                report($"run {run}: {failed.Count} of {end - start} messages not stored; message {failed[0] - start + 1}: {ErrorText.InOneLine(first)}");
                fatal ??= failed.Select(i => results[i].Error!).FirstOrDefault(error => !IsOfThisMessageOnly(error));
            }

            start = end;
        }

        _pending.Clear();
        _runs.Clear();
        if (fatal is not null)
        {
            ExceptionDispatchInfo.Throw(fatal);
        }
    }

    private static bool IsOfThisMessageOnly(Exception error) =>
        error is StreamException { Kind: StreamErrorKind.TooLarge or StreamErrorKind.InvalidRequest };
}
