namespace DashStream.Client;

/// <summary>Messages on their way to one call of a batch handler, with the keys they stand for. With one task at a time.</summary>
internal sealed class MessageBatch
{
    /// <summary>In order within each key.</summary>
    public List<ReceivedMessage> Messages { get; } = [];

    /// <summary>The ids of its messages, where copies are dropped.</summary>
    public HashSet<UInt128> Ids { get; } = [];

    /// <summary>The keys that stand still until the batch is over.</summary>
    public List<BatchKey> Keys { get; } = [];
}

/// <summary>A key in a batch.</summary>
internal sealed class BatchKey(KeyQueue queue)
{
    public KeyQueue Queue { get; } = queue;

    /// <summary>How many of its messages are in the batch.</summary>
    public int Taken { get; set; }

    /// <summary>Whether a message of the batch is one of its.</summary>
    public bool Has(ReceivedMessage message) => Taken > 0 && Queue.Key.Equals(new RecordKey(message.Position.Partition, message.Record.Key));

    /// <summary>Nothing more of it may join the batch.</summary>
    public bool IsClosed => NextIsAlone || NextIsCopy || Later is not null;

    /// <summary>Its next message is to be handled alone.</summary>
    public bool NextIsAlone { get; set; }

    /// <summary>Its next message is a copy of one in the batch: what becomes of it is known when that one is done or not.</summary>
    public bool NextIsCopy { get; set; }

    /// <summary>What became of a message behind those in the batch; takes effect when the batch is over.</summary>
    public (ReceivedMessage Message, Turn Turn)? Later { get; set; }
}
