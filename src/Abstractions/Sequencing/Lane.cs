using System.Text;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Sequencing;

/// <summary>
/// The numbers of one (tenant, thread). Whoever holds <see cref="Gate"/> has the turn: it takes a number, encodes and hands over, so that numbers reach the
/// provider in order. Held for microseconds, never through the network.
/// </summary>
internal sealed class Lane(string threadId, StreamHeaders headers)
{
    private const int MessageIdBytes = 16;

    private readonly byte[] _messageId = new byte[MessageIdBytes];
    private ByteString? _messageIdView;

    /// <summary>The turn.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The record key.</summary>
    public ReadOnlyMemory<byte> Key { get; } = Encoding.UTF8.GetBytes(threadId);

    /// <summary>Record headers that name the producer identity under which these numbers count.</summary>
    public StreamHeaders Headers { get; } = headers;

    /// <summary>The stamped header, reused under the gate.</summary>
    public Header Scratch { get; } = new();

    /// <summary>A new message id for <see cref="Scratch"/>, in the same bytes each time; under the gate.</summary>
    public ByteString NextMessageId()
    {
        Chance.NewId().TryWriteBytes(_messageId, bigEndian: true, out _);
        return _messageIdView ??= UnsafeByteOperations.UnsafeWrap(_messageId);
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
