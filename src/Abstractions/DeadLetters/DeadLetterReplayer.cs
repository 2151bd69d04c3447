using System.Globalization;
using System.Runtime.CompilerServices;

namespace DashStream;

/// <summary>
/// Sends the messages of dead letters again: with their key, headers, bytes and so their numbers, to the partition they came from, one after the other so that
/// each thread keeps its order. Each is marked (<see cref="DeadLetterHeaders.ReplayOf"/>, <see cref="DeadLetterHeaders.ReplayCount"/>). The mark is also the
/// book-keeping: what lies in the target topic already is not sent again, so a replay that was interrupted at any moment is simply started again.
/// </summary>
/// <param name="letters">The letters.</param>
/// <param name="time">The clock; null means the system's.</param>
public sealed class DeadLetterReplayer(DeadLetterReader letters, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Replays letter by letter as the result is read; leaving the enumeration ends it. Two replays at once to one topic do not see each other.</summary>
    /// <param name="options">Which, where and how; null means all, to their source topics.</param>
    /// <param name="cancellationToken">Ends the replay between two letters.</param>
    /// <exception cref="StreamException">A topic cannot be read or written; what was sent by then stays sent.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public async IAsyncEnumerable<DeadLetterReplay> RunAsync(
        DeadLetterReplayOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new DeadLetterReplayOptions();
        options.Validate();
        var run = new ReplayRun(letters, options);
        await using (run.ConfigureAwait(false))
        {
            await run.LookBackAsync(cancellationToken).ConfigureAwait(false);
            var started = _time.GetTimestamp();
            await foreach (var letter in letters.ReadAsync(options.Filter, cancellationToken).ConfigureAwait(false))
            {
                if (run.Sent >= options.Limit)
                {
                    yield break;
                }

                await PaceAsync(options, run.Sent, started, cancellationToken).ConfigureAwait(false);
                yield return await run.ReplayAsync(letter, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask PaceAsync(DeadLetterReplayOptions options, long sent, long started, CancellationToken cancellationToken)
    {
        if (options.MaxPerSecond is not { } rate || options.DryRun)
        {
            return;
        }

        var wait = TimeSpan.FromSeconds(sent / rate) - _time.GetElapsedTime(started);
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What the mark of a letter's replay says: its id, and which edit of it.</summary>
    internal static string MarkOf(StoredDeadLetter letter) =>
        letter.Edits == 0 ? letter.Id : string.Create(CultureInfo.InvariantCulture, $"{letter.Id}#{letter.Edits}");
}
