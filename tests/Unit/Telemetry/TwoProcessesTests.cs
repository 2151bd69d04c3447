using DashStream.Protocol;
using DashStream.Providers;
using DashStream.Tests.Crash;

namespace DashStream.Tests.Telemetry;

[TestClass]
public sealed class TwoProcessesTests
{
    [TestMethod]
    public async Task A_message_sent_in_one_process_and_handled_in_another_is_one_trace()
    {
        var folder = Directory.CreateTempSubdirectory("dashstream-trace-");
        using var spans = new SpanRecorder();
        await using (var provider = new FileProvider(folder.FullName))
        {
            await using var producer = await DashStreamProducer.OpenAsync(provider, "events");
            await producer.SendAsync(new TokenChunk { Header = new() { ThreadId = "t" }, Text = "x" });
        }

        await using var other = CrashProcess.Start($"file:{folder.FullName}", "trace", "events", "group");
        await other.ReadToEndAsync();

        var send = await spans.OneAsync("send");
        var handled = other.Lines.Single(line => line.StartsWith("trace ", StringComparison.Ordinal)).Split(' ');
        Assert.AreEqual((send.TraceId.ToString(), send.SpanId.ToString()), (handled[1], handled[3]));
        Assert.AreNotEqual(send.SpanId.ToString(), handled[2]);
        folder.Delete(recursive: true);
    }
}
