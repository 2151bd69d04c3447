using DashStream.Protocol;
using DashStream.State;
using Google.Protobuf;

namespace DashStream.Bench.Cases;

/// <summary>How many bytes the states of recorded runs take as patches, and as whole states, before compression and after.</summary>
internal sealed class StateStreamSize : IFigureCase
{
    private const int WholeEvery = 100;

    private readonly MessageCodec _codec = new(new MessageCodecOptions { MaxMessageBytes = 16 << 20 });

    public string Name => "state/stream-size";

    public string Subject => "bytes of all state messages of the recorded runs, one state after each chat message, whole every 100 changes";

    public bool IsLong => false;

    public Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var totals = new Totals();
        foreach (var states in RecordedStatePairs.ReadAll())
        {
            Add(states, totals);
        }

        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            new("states", totals.States, ""),
            new("whole states", totals.Whole, "bytes"),
            new("patches", totals.Patches, "bytes"),
            new("whole states, each compressed", totals.WholeFrames, "bytes"),
            new("patches, each compressed", totals.PatchFrames, "bytes"),
            new("times smaller", (double)totals.Whole / totals.Patches, ""),
            new("times smaller, compressed", (double)totals.WholeFrames / totals.PatchFrames, ""),
        ]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Add(IReadOnlyList<byte[]> states, Totals totals)
    {
        foreach (var (i, state) in states.Index())
        {
            var whole = new StateDiff { FullState = ByteString.CopyFrom(state), StateHash = ByteString.CopyFrom(StateHash.Of(state).ToArray()) };
            var sent = i % WholeEvery == 0 ? whole : StateDiffer.Compare(states[i - 1], state).ToMessage(state);
            totals.States++;
            totals.Whole += whole.CalculateSize();
            totals.Patches += sent.CalculateSize();
            totals.WholeFrames += FrameOf(whole);
            totals.PatchFrames += FrameOf(sent);
        }
    }

    private int FrameOf(StateDiff message)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        _codec.Encode(message, output);
        return output.WrittenCount;
    }

    private sealed class Totals
    {
        public long States { get; set; }

        public long Whole { get; set; }

        public long Patches { get; set; }

        public long WholeFrames { get; set; }

        public long PatchFrames { get; set; }
    }
}
