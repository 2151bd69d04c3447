using System.Globalization;
using DashStream.Protocol;

namespace DashStream.Conformance;

/// <summary>Numbered messages of threads, for cases that go through the whole client.</summary>
internal static class Thought
{
    public static DashStreamMessage Of(string thread, int number) =>
        new TokenChunk { Header = new Header { ThreadId = thread, TenantId = "t" }, Text = number.ToString(CultureInfo.InvariantCulture) };

    public static int NumberOf(ReceivedMessage message) => NumberOf(message.Message);

    public static int NumberOf(DashStreamMessage message) => int.Parse(message.TokenChunk.Text, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Stores messages <paramref name="from"/> and up, dealt to <paramref name="threads"/> threads in turn, in order.</summary>
    public static async Task SendAsync(IStreamProvider provider, string topic, int count, int threads, int from = 0)
    {
        await using var producer = await DashStreamProducer.OpenAsync(provider, topic);
        await Task.WhenAll([.. Enumerable.Range(from, count).Select(i => producer.SendAsync(Of($"thread-{i % threads}", i)).AsTask())]);
    }
}
