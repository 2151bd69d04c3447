using System.Collections.Concurrent;

namespace DashStream.Tests.Client;

[TestClass]
public sealed class GapCallbackTests
{
    [TestMethod]
    [DataRow(StreamErrorKind.Transient)]
    [DataRow(null)]
    public async Task A_callback_for_gaps_that_fails_loses_none_of_the_records_behind_the_gap(StreamErrorKind? kind)
    {
        Exception error = kind is { } typed ? new StreamException(typed, "of the callback's own") : new OperationCanceledException();
        await using var scripted = await ScriptedConsumer.OpenAsync(new() { OnGap = _ => throw error });
        scripted.Provider.Gap = new StreamGap(0, 0, 5);
        var handled = new ConcurrentQueue<string>();
        scripted.Put("t", "a");
        scripted.Put("t", "b");

        _ = scripted.Run(handled.Enqueue);
        await ScriptedConsumer.UntilAsync(() => scripted.Provider.Taken == 2);
        scripted.Put("t", "c");
        await ScriptedConsumer.UntilAsync(() => handled.Contains("c"));
        await scripted.StopAsync();

        CollectionAssert.AreEqual(new[] { "a", "b", "c" }, handled.ToArray());
    }
}
