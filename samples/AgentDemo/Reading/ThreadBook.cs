using DashStream;
using DashStream.Protocol;

namespace AgentDemo.Reading;

/// <summary>What the members of the group have handled: the messages of each thread in the order in which they came. Safe for concurrent use.</summary>
internal sealed class ThreadBook(long expected)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<DashStreamMessage>> _threads = new(StringComparer.Ordinal);
    private readonly HashSet<StreamPosition> _positions = [];
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when as many different messages were handled as were sent.</summary>
    public Task Complete => expected == 0 ? Task.CompletedTask : _complete.Task;

    public long Different => _positions.Count;

    /// <summary>Deliveries of messages that had come before: at least once means that this may happen, when partitions move.</summary>
    public long Again { get; private set; }

    public IReadOnlyDictionary<string, List<DashStreamMessage>> Threads => _threads;

    public void Add(ReceivedMessage received)
    {
        lock (_gate)
        {
            if (!_positions.Add(received.Position))
            {
                Again++;
                return;
            }

            var thread = received.Header?.ThreadId ?? "";
            if (!_threads.TryGetValue(thread, out var messages))
            {
                _threads[thread] = messages = [];
            }

            messages.Add(received.Message);
            if (_positions.Count == expected)
            {
                _complete.TrySetResult();
            }
        }
    }

    /// <summary>Threads whose messages did not come as 1, 2, 3, ….</summary>
    public IReadOnlyList<string> OutOfOrder() => [.. _threads.Where(thread => !IsInOrder(thread.Value)).Select(thread => thread.Key)];

    // The summary at a run's end has no number of its own.
    private static bool IsInOrder(List<DashStreamMessage> messages) =>
        messages.Where(message => message.ExecutionTrace is null).Select((message, i) => MessageParts.HeaderOf(message)!.Sequence == (ulong)i + 1).All(right => right);
}
