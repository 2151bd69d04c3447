using System.Text;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Sequencing;

/// <summary>
/// The numbers of one (tenant, thread). Whoever holds <see cref="Gate"/> has the turn: it takes a number, encodes and hands over, so that numbers reach the
/// provider in order. Held for microseconds, never through the network.
/// </summary>
internal sealed class Lane
{
    private readonly byte[] _messageId = new byte[LaneIds.Bytes];
    private readonly ByteString _messageIdView;
    private uint _ids;
    private StreamHeaders? _headers;

    /// <param name="threadId">The thread.</param>
    /// <param name="ids">How many ids of its first identity are used up.</param>
    public Lane(string threadId, uint ids = 0)
    {
        _ids = ids;
        Key = Encoding.UTF8.GetBytes(threadId);
        LaneIds.Begin(_messageId);
        _messageIdView = UnsafeByteOperations.UnsafeWrap(_messageId);
    }

    /// <summary>The turn.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The record key.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>The stamped header, reused under the gate.</summary>
    public Header Scratch { get; } = new();

    /// <summary>A new message id for <see cref="Scratch"/>, in the same bytes each time; under the gate.</summary>
    public ByteString NextMessageId()
    {
        if (++_ids == 0)
        {
            // Every count of the identity is used: an id is never given twice, so there must be another.
            LaneIds.Begin(_messageId);
            _headers = null;
        }

        LaneIds.SetCount(_messageId, _ids);
        return _messageIdView;
    }

    /// <summary>
    /// Record headers for a message with that id: those that name the identity under which its number counts, unless the id does. An id that was set belongs to
    /// the number beside it; on a message that is numbered here it names somebody else's. Under the gate.
    /// </summary>
    public StreamHeaders HeadersFor(ByteString id, bool isNumberedHere) =>
        ReferenceEquals(id, _messageIdView) || (!isNumberedHere && LaneIds.IsMarked(id.Span)) ? StreamHeaders.Empty : _headers ??= IdentityHeaders();

    private StreamHeaders IdentityHeaders()
    {
        var text = new byte[LaneIds.IdentityChars];
        LaneIds.TryFormatIdentity(_messageId, text);
        return [new StreamHeader(LaneTable.IdentityHeader, text)];
    }

    /// <summary>The last number that was handed over; under the gate.</summary>
    public ulong Last { get; set; }

    /// <summary>Whether a state of the thread went out redacted; under the gate.</summary>
    public bool StateIsRedacted { get; set; }

    /// <summary>Set, under the gate, when the table let go of this lane: look it up again.</summary>
    public bool Evicted { get; set; }

    /// <summary>When it was last used, in ticks of the table's counter.</summary>
    public long LastUse;
}
