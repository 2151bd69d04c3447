using DashStream.Protocol;

namespace DashStream.Conformance;

/// <summary>What must have held in a run, read off its journal and its log.</summary>
internal static class FaultChecks
{
    private static readonly MessageCodec Codec = new(new MessageCodecOptions { Decoding = FrameDecoding.Compatible, RequireHeader = false });

    /// <summary>What a stop may take beyond its deadline: the provider's own last calls, and a loaded machine.</summary>
    public static TimeSpan StopSlack { get; } = TimeSpan.FromSeconds(5);

    /// <param name="journal">What happened.</param>
    /// <param name="log">What the topic holds.</param>
    /// <param name="sends">What the senders were told.</param>
    /// <param name="copiesCount">Whether a record is done when a copy of its message is.</param>
    public static IEnumerable<string> Of(
        IReadOnlyList<FaultJournal.Entry> journal, IReadOnlyList<StreamRecord> log, IReadOnlyList<FaultSends.Outcome> sends, bool copiesCount)
    {
        var records = log.Select(record => new Logged(record, Codec.Decode(record.Value!.Value))).ToList();
        var (copies, messages) = (records.ToLookup(record => record.Index, record => record.Position), records.ToDictionary(record => record.Position, record => record.Index));
        DoneSet Nothing() => new(copies, messages, copiesCount);
        return
        [
            .. Lost(journal, records, Nothing()), .. Sends(records, sends), .. Order(journal, records, Nothing()), .. Commits(journal, records, Nothing()),
            .. Numbers(records), .. copiesCount ? Repeats(journal, messages) : [],
        ];
    }

    /// <summary>The copies of each message in a log.</summary>
    public static IReadOnlyList<IReadOnlyList<StreamPosition>> CopiesOf(IEnumerable<StreamRecord> log) =>
        [.. log.GroupBy(record => FaultSends.IndexOf(Codec.Decode(record.Value!.Value)), record => record.Position!.Value).Select(copies => copies.ToList())];

    // A copy whose handler began when the first one's had ended was known by its id.
    private static IEnumerable<string> Repeats(IReadOnlyList<FaultJournal.Entry> journal, Dictionary<StreamPosition, int> messages)
    {
        var handled = new HashSet<(string Who, int Message)>();
        foreach (var (step, position, who) in journal)
        {
            if (step == FaultJournal.Step.Started && handled.Contains((who, messages[position])))
            {
                yield return $"repeated: {who} began message {messages[position]} at {position} again, whose id it had in its window";
            }
            else if (step == FaultJournal.Step.Done && who != FaultJournal.DeadLetter)
            {
                handled.Add((who, messages[position]));
            }
        }
    }

    private static IEnumerable<string> Lost(IReadOnlyList<FaultJournal.Entry> journal, List<Logged> log, DoneSet done)
    {
        foreach (var entry in journal.Where(entry => entry.Step == FaultJournal.Step.Done))
        {
            done.Add(entry.Position);
        }

        return log.Where(record => !done.Contains(record.Position)).Select(record => $"lost: message {record.Index} at {record.Position} was never handled");
    }

    private static IEnumerable<string> Sends(List<Logged> log, IReadOnlyList<FaultSends.Outcome> sends)
    {
        var byPosition = log.ToDictionary(record => record.Position);
        foreach (var send in sends)
        {
            if (send is null)
            {
                yield return "a send was never decided";
            }
            else if (send.Untold is { } untold)
            {
                yield return untold;
            }
            else if (send.Receipt is { } receipt && (!byPosition.TryGetValue(receipt.Position, out var record) || record.Index != send.Message))
            {
                yield return $"lost: message {send.Message} was acknowledged at {receipt.Position}, where it is not";
            }
            else if (send.Receipt is { } stored && byPosition[stored.Position].Header.Sequence != stored.Sequence)
            {
                yield return $"message {send.Message} was acknowledged with number {stored.Sequence} and stored with another";
            }
        }

        // In the log, the messages of one sender and thread lie in the order of the calls. Senders call in the order of the messages.
        foreach (var thread in log.GroupBy(record => (record.Header.ThreadId, sends[record.Index].Sender)))
        {
            var last = -1;
            foreach (var record in thread.OrderBy(record => record.Position.Offset))
            {
                if (record.Index < last)
                {
                    yield return $"reordered: message {record.Index} of {thread.Key} lies behind message {last}";
                }

                last = record.Index;
            }
        }
    }

    // A record's first delivery begins only when all that lie before it in its thread are done; none begins once a commit says that it is done.
    private static IEnumerable<string> Order(IReadOnlyList<FaultJournal.Entry> journal, List<Logged> log, DoneSet done)
    {
        var before = new Dictionary<StreamPosition, StreamPosition>();
        foreach (var thread in log.GroupBy(record => (record.Position.Partition, record.Header.ThreadId)))
        {
            var sorted = thread.OrderBy(record => record.Position.Offset).ToList();
            for (var i = 1; i < sorted.Count; i++)
            {
                before[sorted[i].Position] = sorted[i - 1].Position;
            }
        }

        foreach (var (step, position, _) in journal)
        {
            if (step == FaultJournal.Step.Done)
            {
                done.Add(position);
            }
            else if (step == FaultJournal.Step.Started && before.TryGetValue(position, out var earlier) && !done.Contains(earlier))
            {
                yield return $"order: the record at {position} began before the one at {earlier} of its thread was done";
            }
        }
    }

    private static IEnumerable<string> Commits(IReadOnlyList<FaultJournal.Entry> journal, List<Logged> log, DoneSet done)
    {
        var committed = new Dictionary<int, UInt128>();
        foreach (var (step, position, _) in journal)
        {
            switch (step)
            {
                case FaultJournal.Step.Done:
                    done.Add(position);
                    break;
                case FaultJournal.Step.Committing when log.FirstOrDefault(record => IsUpTo(record, position) && !done.Contains(record.Position)) is { } open:
                    yield return $"commit: {position} was committed while the record at {open.Position} was not done";
                    break;
                case FaultJournal.Step.Committed:
                    committed[position.Partition] = UInt128.Max(position.Offset, committed.GetValueOrDefault(position.Partition));
                    break;
                case FaultJournal.Step.Taken when committed.TryGetValue(position.Partition, out var offset) && position.Offset <= offset:
                    yield return $"duplicate below the commit: {position} began again after {offset} was committed";
                    break;
            }
        }
    }

    private static IEnumerable<string> Numbers(List<Logged> log) =>
        log.GroupBy(record => (record.Producer, record.Header.ThreadId, record.Header.Sequence))
            .Where(number => number.Select(record => record.Index).Distinct().Count() > 1)
            .Select(number => $"number {number.Key.Sequence} of {number.Key.ThreadId} was given to messages {string.Join(", ", number.Select(record => record.Index).Distinct())}");

    private static bool IsUpTo(Logged record, StreamPosition position) =>
        record.Position.Partition == position.Partition && record.Position.Offset <= position.Offset;

    private sealed class Logged(StreamRecord record, DashStreamMessage message)
    {
        public StreamPosition Position { get; } = record.Position!.Value;

        public int Index { get; } = FaultSends.IndexOf(message);

        public Header Header { get; } = message.Event.Header;

        public string Producer { get; } = MessageParts.ProducerOf(record, message.Event.Header);
    }
}
