using System.Diagnostics;
using DashStream.Client;
using DashStream.Protocol;
using DashStream.Telemetry;

namespace DashStream;

/// <summary>A message as delivered, with the record it came in.</summary>
public sealed class ReceivedMessage
{
    private readonly AssignedPartition _partition;
    private readonly long _ticket;
    private DashStreamMessage? _message;
    private int _finished;
    private bool _releases;
    private Rarities? _rare;

    internal ReceivedMessage(StreamRecord record, AssignedPartition partition, long ticket)
    {
        Record = record;
        _partition = partition;
        _ticket = ticket;
    }

    /// <summary>The decoded message.</summary>
    public DashStreamMessage Message => _message ?? throw new InvalidOperationException("The message has not been decoded.");

    /// <summary>Its header, or null when it has none.</summary>
    public Header? Header => MessageParts.HeaderOf(Message);

    /// <summary>The record: key, bytes, headers, time.</summary>
    public StreamRecord Record { get; }

    /// <summary>Where it lies.</summary>
    public StreamPosition Position => Record.Position!.Value;

    /// <summary>1 when it is handled for the first time by this consumer, then 2, and so on. A message that another member began, or that comes again after a
    /// restart, starts at 1.</summary>
    public int Attempt { get; internal set; } = 1;

    /// <summary>
    /// The sender's trace context, from the record's headers; default when there is none. A handler runs in a span of that trace already, when anybody listens;
    /// who pulls messages finds it in <see cref="Span"/>.
    /// </summary>
    public ActivityContext TraceContext => TraceHeaders.Read(Record.Headers);

    /// <summary>
    /// In the pull style, while somebody listens: the span <c>process</c> of this message, which <see cref="Done"/> ends, or whatever ends the delivery; a message
    /// that is left undone leaves no span. Nobody's current one: make it so, or name it as the parent, to put what you do into it. Null otherwise; in a handler it is
    /// <see cref="Activity.Current"/>.
    /// </summary>
    public Activity? Span => Watch?.Span;

    internal ReceivedMessage? Next { get; set; }

    /// <summary>Measures the handling in the pull style, while somebody listens.</summary>
    internal ProcessWatch? Watch
    {
        get => _rare?.Watch;
        set => Rare.Watch = value;
    }

    /// <summary>The halt that kept it aside, while it is on its way back.</summary>
    internal Halt? HeldBy
    {
        get => _rare?.HeldBy;
        set => Rare.HeldBy = value;
    }

    /// <summary>Its numbers were compared already.</summary>
    internal bool NumbersSeen { get; set; }

    /// <summary>The number check let it through; it is not asked again when it is put back to be taken later.</summary>
    internal bool HasPassed { get; set; }

    /// <summary>Its batch failed: no other message may be handled with it.</summary>
    internal bool IsAlone { get; set; }

    /// <summary>Keeps the id before the message counts as done, in the pull style.</summary>
    internal Action<ReceivedMessage>? KeepFirst
    {
        get => _rare?.KeepFirst;
        set => Rare.KeepFirst = value;
    }

    internal long SizeBytes => Record.SizeBytes;

    internal bool IsDecoded => _message is not null;

    internal AssignedPartition Partition => _partition;

    private Rarities Rare => _rare ??= new Rarities();

    /// <summary>
    /// Says that the message is handled, so that its position may be committed. Only for the pull style
    /// (<see cref="DashStreamConsumer.ReadAllAsync"/>); a handler that returns has done it. Any thread, any order; twice is harmless.
    /// </summary>
    public void Done()
    {
        Watch?.End();
        if (KeepFirst is { } keep)
        {
            keep(this);
        }
        else
        {
            Finish(handled: true);
        }
    }

    /// <summary>In the pull style the caller is the handler: it has let go when the message is finished.</summary>
    internal void ReleaseWhenFinished() => _releases = true;

    /// <summary>True when this one was taken in earlier than <paramref name="other"/>, of the same key.</summary>
    internal bool ComesBefore(ReceivedMessage other) =>
        _partition.Epoch != other._partition.Epoch ? _partition.Epoch < other._partition.Epoch : _ticket < other._ticket;

    internal void Decoded(DashStreamMessage message) => _message = message;

    /// <summary>Ends the delivery, once: handled, or dropped to be delivered again.</summary>
    internal void Finish(bool handled)
    {
        if (Interlocked.Exchange(ref _finished, 1) == 0)
        {
            Watch?.End();
            _partition.Finish(this, _ticket, handled);
            if (_releases)
            {
                _partition.Release();
            }
        }
    }

    /// <summary>What few messages have: a million of them in flight should not pay for it.</summary>
    private sealed class Rarities
    {
        public ProcessWatch? Watch { get; set; }

        public Halt? HeldBy { get; set; }

        public Action<ReceivedMessage>? KeepFirst { get; set; }
    }
}
