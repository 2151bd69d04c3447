using System.Text;
using DashStream.Conformance;

namespace DashStream.Faults;

/// <summary>
/// A provider whose producers tell outcomes directly, as those of our embedded stores do, each with the fault that the plan has for it. Sends that are awaited as
/// tasks have none here: <see cref="FaultInjectingProvider"/> gives them theirs.
/// </summary>
internal sealed class DirectFaults(IStreamProvider inner, FaultPlan plan) : IStreamProvider
{
    public string Name => inner.Name;

    public ProviderCapabilities Capabilities => inner.Capabilities;

    public IStreamAdmin Admin => inner.Admin;

    public async ValueTask<IStreamProducer> OpenProducerAsync(string topic, CancellationToken cancellationToken = default) =>
        new Producer(await inner.OpenProducerAsync(topic, cancellationToken), plan);

    public ValueTask<IStreamConsumer> OpenConsumerAsync(string topic, StreamConsumerOptions options, CancellationToken cancellationToken = default) =>
        inner.OpenConsumerAsync(topic, options, cancellationToken);

    public ValueTask<StreamHealth> CheckHealthAsync(CancellationToken cancellationToken = default) => inner.CheckHealthAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static StreamException Fault(string what, StreamErrorKind kind) => new(kind, $"The plan lets {what} fail.");

    private sealed class Producer(IStreamProducer inner, FaultPlan plan) : IStreamProducer, IOutcomeProducer
    {
        private readonly IOutcomeProducer _outcomes = (IOutcomeProducer)inner;
        private readonly Dictionary<string, long> _sends = new(StringComparer.Ordinal);

        public string Topic => inner.Topic;

        public int PartitionCount => inner.PartitionCount;

        public StreamException? Send(StreamRecord record, ISendOutcome outcome)
        {
            var line = Encoding.UTF8.GetString(record.Key.Span);
            var send = NextOf(line);
            if (plan.Happens(FaultPoint.RefusedSend, plan.Rates.RefusedSends, line, send))
            {
                return Fault("a send", StreamErrorKind.Throttled);
            }

            if (plan.Happens(FaultPoint.LostSend, plan.Rates.LostSends, line, send))
            {
                ThreadPool.QueueUserWorkItem(static told => told.Decided(default, Fault("a send", StreamErrorKind.Transient)), outcome, preferLocal: false);
                return null;
            }

            var isLost = plan.Happens(FaultPoint.LostReply, plan.Rates.LostReplies, line, send);
            var refusal = _outcomes.Send(record, isLost ? new LostReply(outcome) : outcome);
            if (refusal is null && plan.Happens(FaultPoint.DoubledSend, plan.Rates.DoubledSends, line, send))
            {
                _outcomes.Send(record, new Nobody());
            }

            return refusal;
        }

        public ValueTask<StreamPosition> SendAsync(StreamRecord record, CancellationToken cancellationToken = default) => inner.SendAsync(record, cancellationToken);

        public ValueTask<IReadOnlyList<SendResult>> SendBatchAsync(IReadOnlyList<StreamRecord> records, CancellationToken cancellationToken = default) =>
            inner.SendBatchAsync(records, cancellationToken);

        public ValueTask<FlushReceipt> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public ValueTask<FlushReceipt> StopAsync(TimeSpan deadline, CancellationToken cancellationToken = default) => inner.StopAsync(deadline, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private long NextOf(string line)
        {
            lock (_sends)
            {
                var next = _sends.GetValueOrDefault(line);
                _sends[line] = next + 1;
                return next;
            }
        }
    }

    /// <summary>Tells of a time-out whatever was decided.</summary>
    private sealed class LostReply(ISendOutcome outcome) : ISendOutcome
    {
        public void Decided(StreamPosition position, StreamException? error) => outcome.Decided(default, error ?? Fault("the reply to a send", StreamErrorKind.Timeout));
    }

    private sealed class Nobody : ISendOutcome
    {
        public void Decided(StreamPosition position, StreamException? error)
        {
        }
    }
}
