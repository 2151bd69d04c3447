using System.Globalization;
using DashStream.Providers;

namespace DashStream.Conformance.Kafka;

/// <summary>A member that can be killed: asks the process that is it to read and to commit, and books both.</summary>
internal sealed class MemberProcess(string servers, string topic, string group, KafkaGroupProtocol protocol) : IDisposable
{
    private readonly ChildProcess _process = ChildProcess.Start("member", servers, topic, group, $"{protocol}");
    private int _handled;

    /// <summary>After what silence the brokers give a killed one up, with the classic protocol; with the other the brokers decide.</summary>
    public static TimeSpan Session { get; } = TimeSpan.FromSeconds(4);

    public int Handled => Volatile.Read(ref _handled);

    /// <summary>Reads, handles and commits until everything was handled by somebody, or the process ended.</summary>
    public async Task ReadAsync(LoadAccount account)
    {
        while (!account.IsDone)
        {
            var before = account.Committed();
            if (await _process.AskAsync("read") is not { } line)
            {
                return;
            }

            var batch = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse).ToList();
            account.Handle([], batch, before);
            Interlocked.Add(ref _handled, batch.Count);
            var answer = await _process.AskAsync("commit");
            if (answer != "committed")
            {
                account.Doubt();
                continue;
            }

            account.Commit(LoadAccount.LastOf(batch.Select(static record => record.Position)));
        }
    }

    public Task KillAsync() => _process.KillAsync();

    public void Dispose() => _process.Dispose();

    private static (StreamPosition Position, int Number) Parse(string word)
    {
        var parts = word.Split(':');
        return (new StreamPosition(int.Parse(parts[0], CultureInfo.InvariantCulture), UInt128.Parse(parts[1], CultureInfo.InvariantCulture)),
            int.Parse(parts[2], CultureInfo.InvariantCulture));
    }
}
