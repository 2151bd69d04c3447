using System.Runtime.CompilerServices;
using DashStream.Protocol;

namespace DashStream.State;

/// <summary>Goes through a thread's messages and tells the state behind each.</summary>
internal sealed class StateReplay(ThreadRecords records, string threadId, StateReplicaOptions options)
{
    private ReplicaCore? _core;

    /// <summary>The last state known to be right.</summary>
    public StateMoment? Moment => _core?.Moment;

    /// <summary>Whether what was read last leads on to <see cref="Moment"/>.</summary>
    public bool IsInSync => _core?.Status == StateReplicaStatus.InSync;

    /// <summary>Why not.</summary>
    public StreamException? Problem { get; private set; }

    /// <summary>Reads from a base to its end.</summary>
    public IAsyncEnumerable<StateStep> RunAsync(StateBase start, CancellationToken cancellationToken) =>
        RunAsync(start.Moment, records.ReadAsync(start.From, start.End, cancellationToken), cancellationToken);

    /// <summary>Goes on from a state with messages that come after it.</summary>
    public async IAsyncEnumerable<StateStep> RunAsync(
        StateMoment? moment, IAsyncEnumerable<ThreadRecord> messages, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var moved = new List<StateMoment>();
        if (moment is not null)
        {
            _core = new ReplicaCore(threadId, options);
            _core.Restore(moment, moved);
            moved.Clear();
        }

        await foreach (var record in messages.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            _core ??= new ReplicaCore(threadId, options);
            var offer = _core.Take(record.Message, record.Order, moved);
            foreach (var reached in moved)
            {
                yield return new StateStep(reached.Position!.Value, reached.Sequence, reached, null);
            }

            moved.Clear();
            if (offer is StateOffer.Held or StateOffer.Refused && record.Message.MessageCase == DashStreamMessage.MessageOneofCase.StateDiff)
            {
                Problem = _core.LastError;
                yield return new StateStep(record.Order.Position!.Value, record.Order.Number, null, _core.LastError ?? Unknown);
            }
        }
    }

    private static StreamException Unknown => new(StreamErrorKind.Corrupt, "A message before it is missing or damaged.");
}
