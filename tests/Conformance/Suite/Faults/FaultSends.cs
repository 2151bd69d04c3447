using System.Globalization;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Conformance;

/// <summary>The senders of a run, and what each of their sends came to.</summary>
internal sealed class FaultSends(IStreamProvider provider, string topic, FaultScenario scenario, FaultPlan plan, TimeProvider time)
{
    private readonly FaultSendLetters? _letters = scenario.KeepsFailedSends ? new FaultSendLetters(plan) : null;
    private readonly Outcome[] _outcomes = new Outcome[scenario.Messages];

    public IReadOnlyList<Outcome> Outcomes => _outcomes;

    public static int IndexOf(DashStreamMessage message) => int.Parse(message.Event.NodeId, CultureInfo.InvariantCulture);

    public static string ThreadName(int thread) => $"thread-{thread}";

    public Task RunAsync() => Task.WhenAll(Enumerable.Range(0, scenario.Producers).Select(SendAsync));

    private async Task SendAsync(int sender)
    {
        await using var producer = await Retry.WhileTransientAsync(
            () => DashStreamProducer.OpenAsync(provider, topic, new DashStreamProducerOptions { TenantId = "t", DeadLetters = _letters }, time), time);
        var sends = new List<Task>();
        for (var message = sender; message < scenario.Messages; message += scenario.Producers)
        {
            var send = SendAsync(producer, sender, message);
            sends.Add(send);
            if (scenario.IsAwaited(message))
            {
                await send;
            }

            var pause = scenario.PauseAfter(message);
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, time);
            }
        }

        await Task.WhenAll(sends);
    }

    private async Task SendAsync(DashStreamProducer producer, int sender, int message)
    {
        var thread = scenario.ThreadOf(message);
        var id = new byte[16];
        BitConverter.TryWriteBytes(id, message + 1);
        var sent = new Event
        {
            Header = new Header { ThreadId = ThreadName(thread), MessageId = ByteString.CopyFrom(id) },
            NodeId = message.ToString(CultureInfo.InvariantCulture),
            EventType = EventType.NodeProgress,
        };
        try
        {
            var receipt = await producer.SendAsync(sent);
            _outcomes[message] = new Outcome(message, sender, thread, receipt, null);
        }
        catch (StreamException e)
        {
            _outcomes[message] = new Outcome(message, sender, thread, null, e.Kind) { Untold = UntoldOf(message, e) };
        }
    }

    // What failed on its way is in a letter or its caller knows that it is not; what was refused is in none.
    private string? UntoldOf(int message, StreamException error)
    {
        if (_letters is null)
        {
            return null;
        }

        var expected = error.Kind == StreamErrorKind.Throttled || error.Data.Contains(DashStreamProducerOptions.DeadLetterErrorKey) ? 0 : 1;
        return _letters.CountOf(message) == expected
            ? null
            : $"message {message} failed with {error.Kind} and has {_letters.CountOf(message)} letters, not {expected}";
    }

    /// <summary>What the caller of a send was told: a receipt or an error.</summary>
    public sealed record Outcome(int Message, int Sender, int Thread, SendReceipt? Receipt, StreamErrorKind? Error)
    {
        /// <summary>What is wrong with the dead letter of a send that failed; null when nothing is.</summary>
        public string? Untold { get; init; }
    }
}
