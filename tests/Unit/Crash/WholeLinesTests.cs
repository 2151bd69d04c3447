using DashStream.Conformance.Servers;

namespace DashStream.Tests.Crash;

[TestClass]
public sealed class WholeLinesTests
{
    [TestMethod]
    [DataRow("", new string[0])]
    [DataRow("1:20:13", new string[0], DisplayName = "torn at once")]
    [DataRow("1:20:134\n\n1:21:13", new[] { "1:20:134", "" }, DisplayName = "torn later")]
    [DataRow("one\r\ntwo\n", new[] { "one", "two" })]
    public async Task A_line_that_a_killed_process_did_not_end_is_none(string written, string[] lines) =>
        CollectionAssert.AreEqual(lines, await ReadAsync(written));

    [TestMethod]
    public async Task A_line_may_be_longer_than_what_is_read_at_once()
    {
        var line = new string('x', 10_000);

        CollectionAssert.AreEqual(new[] { line, "end" }, await ReadAsync($"{line}\nend\nto"));
    }

    private static async Task<List<string>> ReadAsync(string written)
    {
        var reader = new WholeLines(new StringReader(written));
        var lines = new List<string>();
        while (await reader.ReadAsync() is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }
}
