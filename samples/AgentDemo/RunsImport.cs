using DashStream;
using DashStream.Analysis;
using DashStream.Protocol;

namespace AgentDemo;

/// <summary>Records runs that somebody else's agent left as a chat log.</summary>
internal sealed class RunsImport(DashStreamClient client)
{
    private const int MessagesAtOnce = 1000;

    /// <returns>How many runs and messages are stored.</returns>
    /// <exception cref="StreamException">A run cannot be read, or a message not be stored.</exception>
    public async Task<(long Runs, long Messages)> RunAsync(string file, string topic, CancellationToken cancellationToken)
    {
        var producer = await client.GetProducerAsync(topic, cancellationToken);
        var converter = new ChatRunConverter(new ChatImportOptions { Prefix = Path.GetFileNameWithoutExtension(file), SourceName = Path.GetFileName(file) });
        var pending = new List<DashStreamMessage>();
        var (runs, messages) = (0L, 0L);
        await foreach (var item in ChatRunReader.ReadFileAsync(file, cancellationToken))
        {
            pending.AddRange(converter.Convert(item.Run ?? throw item.Fault!));
            runs++;
            if (pending.Count >= MessagesAtOnce)
            {
                messages += await SendAsync(producer, pending, cancellationToken);
            }
        }

        return (runs, messages + await SendAsync(producer, pending, cancellationToken));
    }

    private static async Task<int> SendAsync(DashStreamProducer producer, List<DashStreamMessage> pending, CancellationToken cancellationToken)
    {
        var results = await producer.SendBatchAsync(pending, cancellationToken);
        pending.Clear();
        foreach (var failed in results.Where(result => !result.IsStored))
        {
            throw failed.Error!;
        }

        return results.Count;
    }
}
