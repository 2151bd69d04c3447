using DashStream.Protocol;
using DashStream.Sequencing;
using Microsoft.Extensions.Logging;

namespace DashStream.Client;

/// <summary>What the number check says about a message.</summary>
internal enum Passage
{
    /// <summary>On to the handler.</summary>
    Go,

    /// <summary>Its thread stands still; it is kept aside, and no longer the caller's.</summary>
    Held,

    /// <summary>What was kept aside goes first: put it back and take the next.</summary>
    Again,

    /// <summary>Its thread stands still, and there is a place for dead letters.</summary>
    Refused,

    /// <summary>Its thread stood still when the partition was given up: it comes again elsewhere.</summary>
    Dropped,
}

/// <summary>
/// Step 3 of a delivery: compares the numbers of each (tenant, thread, producer identity), counts what is missing, double or late, and halts threads where the
/// policy says so. Records without a key have no order, so their numbers say nothing. Thread-safe.
/// </summary>
internal sealed class SequenceGuard(string topic, DashStreamConsumerOptions options, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly NumberTable _numbers = new(options.MaxTrackedThreads);
    private readonly Dictionary<(int Partition, string Tenant, string Thread), Halt> _halts = [];
    private readonly bool _halting = options.GapPolicy == GapPolicy.HaltThread;
    private readonly bool _refusing = options.DeadLetters is not null;
    private long _begun;

    /// <summary>Takes back what was kept aside, when its thread is resumed.</summary>
    public Action<IReadOnlyList<ReceivedMessage>> PutBack { get; set; } = _ => { };

    public IReadOnlyList<HaltedThread> Halted
    {
        get
        {
            lock (_gate)
            {
                return [.. _halts.Values.Where(halt => halt.IsStanding).Select(halt => halt.Description)];
            }
        }
    }

    /// <summary>Called once for a message, and again when it was put back.</summary>
    public Passage Check(ReceivedMessage message, out StreamException? refusal)
    {
        refusal = null;
        if (message.Attempt > 1 || message.HasPassed || message.Record.Key.IsEmpty)
        {
            return Passage.Go;
        }

        NumberFindings? findings = null;
        Passage passage;
        lock (_gate)
        {
            passage = _halting && FindHalt(message) is { } halt ? Stop(halt, message, out refusal) : Compare(message, ref findings, out refusal);
        }

        message.HasPassed = passage == Passage.Go;

        // Neither under the gate: a log may be slow, and the partition may be going just now.
        findings?.Tell(topic, options.GapPolicy, logger);
        if (findings is not null)
        {
            Watch(findings.Halts);
        }

        return passage;
    }

    /// <summary>Lets a thread go on; what was kept aside comes first. False when it did not stand still.</summary>
    public bool Resume(string tenant, string thread)
    {
        var back = new List<ReceivedMessage>();
        var found = false;
        lock (_gate)
        {
            foreach (var (key, halt) in _halts.Where(pair => pair.Value.IsStanding && pair.Key.Tenant == tenant && pair.Key.Thread == thread).ToList())
            {
                found = true;
                var held = halt.Resume();
                back.AddRange(held);
                if (held.Count == 0)
                {
                    _halts.Remove(key);
                }
            }
        }

        PutBack(back);
        return found;
    }

    private void Watch(List<Halt> halts)
    {
        foreach (var begun in halts)
        {
            begun.Partition.Closing.UnsafeRegister(_ => End(begun), null);
        }
    }

    private Halt? FindHalt(ReceivedMessage message)
    {
        var returned = message.HeldBy;
        if (returned is not null)
        {
            message.HeldBy = null;
        }

        if (returned is not null && returned.Return() && _halts.GetValueOrDefault(returned.Key) == returned)
        {
            _halts.Remove(returned.Key);
        }

        for (var i = 0; _halts.Count > 0 && i < MessageParts.HeaderCount(message.Message); i++)
        {
            if (MessageParts.HeaderAt(message.Message, i) is { } header
                && _halts.TryGetValue((message.Position.Partition, header.TenantId, header.ThreadId), out var halt)
                && halt.Partition == message.Partition && halt != returned)
            {
                return halt;
            }
        }

        return null;
    }

    private Passage Stop(Halt halt, ReceivedMessage message, out StreamException? refusal)
    {
        refusal = null;
        if (halt.IsOver)
        {
            return Passage.Dropped;
        }

        if (halt.IsResumed)
        {
            return Passage.Again;
        }

        if (_refusing)
        {
            AcceptAll(message);
            refusal = halt.Refusal();
            return Passage.Refused;
        }

        halt.Hold(message);
        return Passage.Held;
    }

    private Passage Compare(ReceivedMessage message, ref NumberFindings? findings, out StreamException? refusal)
    {
        refusal = null;
        if (message.NumbersSeen)
        {
            AcceptAll(message);
            return Passage.Go;
        }

        for (var i = 0; i < MessageParts.HeaderCount(message.Message); i++)
        {
            if (MessageParts.HeaderAt(message.Message, i) is not { Sequence: > 0, ThreadId.Length: > 0 } header)
            {
                continue;
            }

            var kind = _numbers.See(LaneOf(message, header), message.Partition.Epoch, header.Sequence, _halting, out var expected);
            if (kind == NumberKind.Expected)
            {
                continue;
            }

            findings ??= new NumberFindings();
            findings.Add(header, kind, expected);
            if (kind == NumberKind.Gap && _halting)
            {
                findings.Halts.Add(Begin(message, header, expected));
            }
        }

        message.NumbersSeen = true;
        return findings is { Halts.Count: > 0 } ? Stop(findings.Halts[0], message, out refusal) : Passage.Go;
    }

    private Halt Begin(ReceivedMessage message, Header header, ulong expected)
    {
        foreach (var (key, _) in _halts.Where(static pair => pair.Value.IsOver).ToList())
        {
            _halts.Remove(key);
        }

        if (_refusing && _halts.Count >= options.MaxTrackedThreads)
        {
            // A hundredth at a time, so that the scan is paid for by many.
            foreach (var (key, _) in _halts.OrderBy(static pair => pair.Value.Order).Take(Math.Max(1, options.MaxTrackedThreads / 100)).ToList())
            {
                _halts.Remove(key);
            }
        }

        var halt = new Halt(message.Partition, header.TenantId, header.ThreadId, expected, header.Sequence) { Order = _begun++ };
        _halts[halt.Key] = halt;
        return halt;
    }

    private void AcceptAll(ReceivedMessage message)
    {
        for (var i = 0; i < MessageParts.HeaderCount(message.Message); i++)
        {
            if (MessageParts.HeaderAt(message.Message, i) is { Sequence: > 0, ThreadId.Length: > 0 } header)
            {
                _numbers.Accept(LaneOf(message, header), message.Partition.Epoch, header.Sequence);
            }
        }
    }

    private void End(Halt halt)
    {
        IReadOnlyList<ReceivedMessage> dropped;
        lock (_gate)
        {
            dropped = halt.End();
        }

        foreach (var message in dropped)
        {
            message.Finish(handled: false);
        }
    }

    private static UInt128 LaneOf(ReceivedMessage message, Header header)
    {
        if (message.Record.Headers.TryGet(LaneTable.IdentityHeader, out var producer))
        {
            return LaneHash.Of(header.TenantId, header.ThreadId, producer.Value.Span);
        }

        Span<byte> text = stackalloc byte[LaneIds.IdentityChars];
        var isNamed = message.Header is { } outer && LaneIds.TryFormatIdentity(outer.MessageId.Span, text);
        return LaneHash.Of(header.TenantId, header.ThreadId, isNamed ? text : default);
    }
}
