using System.Security.Cryptography;
using DashStream.Protocol;
using DashStream.State;
using Google.Protobuf;

namespace DashStream.Tests.State;

/// <summary>A thread with states as a sender makes it: events between patches, whole states now and then, and what is true after each number.</summary>
internal sealed class ReplicaThread
{
    private const int Depth = 4;

    public const string Id = "t";

    private readonly List<DashStreamMessage> _messages = [];
    private readonly Dictionary<ulong, StateHash> _truth = [];
    private byte[]? _state;
    private ulong _number;

    /// <summary>The messages in the order of their numbers.</summary>
    public IReadOnlyList<DashStreamMessage> Messages => _messages;

    /// <summary>The state after each number of a state message.</summary>
    public IReadOnlyDictionary<ulong, StateHash> Truth => _truth;

    public ulong LastStateNumber => _truth.Keys.Max();

    public static ReplicaThread Random(int seed, int steps, bool hashes = true)
    {
        var random = new Random(seed);
        var states = new RandomStates(seed);
        var thread = new ReplicaThread();
        var value = states.Make(Depth);
        for (var i = 0; i < steps; i++)
        {
            if (random.Next(3) == 0)
            {
                thread.AddEvent();
            }

            value = states.Change(value, Depth);
            thread.Add(states.Write(value), whole: random.Next(8) == 0, hash: hashes);
            if (random.Next(10) == 0)
            {
                thread.AddCheckpoint();
            }
        }

        return thread;
    }

    public void AddEvent() => _messages.Add(new Event { Header = Next(), EventType = EventType.NodeStart });

    public StateDiff Add(string state, bool whole = false, bool hash = true)
    {
        var after = state.Utf8();
        StateDiff message;
        if (whole || _state is null)
        {
            message = new StateDiff { Header = Next(), FullState = ByteString.CopyFrom(after), StateHash = ByteString.CopyFrom(StateHash.Of(after).ToArray()) };
        }
        else
        {
            message = StateDiffer.Compare(_state, after).ToMessage(after, Next());
        }

        message.StateHash = hash ? message.StateHash : ByteString.Empty;
        _state = after;
        _messages.Add(message);
        _truth[_number] = StateHash.Of(after);
        return message;
    }

    public Checkpoint AddCheckpoint()
    {
        var message = new Checkpoint { Header = Next(), State = ByteString.CopyFrom(_state), Checksum = ByteString.CopyFrom(SHA256.HashData(_state!)) };
        _messages.Add(message);
        _truth[_number] = StateHash.Of(_state);
        return message;
    }

    private Header Next() => new() { ThreadId = Id, Sequence = ++_number, TimestampUs = 1_000_000 + (long)_number };
}
