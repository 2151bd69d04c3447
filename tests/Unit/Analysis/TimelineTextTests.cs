using DashStream.Analysis;
using DashStream.Protocol;

namespace DashStream.Tests.Analysis;

[TestClass]
public sealed class TimelineTextTests
{
    [TestMethod]
    public void Control_characters_of_the_data_never_reach_the_terminal()
    {
        var line = TimelineText.Line(new TokenChunk { Text = "a\e[31mb\u0007\r\nc\u200Fd\u009Be" });

        Assert.EndsWith("tokens \"a·[31mb·⏎c·d·e\"", line);
    }

    [TestMethod]
    public void Long_texts_are_cut_between_characters() =>
        Assert.AreEqual("12345678🙂…", TimelineText.Plain("12345678🙂🙂🙂", 10));

    [TestMethod]
    public void Pieces_of_one_output_become_one_line()
    {
        DashStreamMessage[] messages =
        [
            new Event { EventType = EventType.LlmStart },
            Piece("r", 0, "one "), Piece("r", 1, "two", isFinal: true),
            Piece("s", 0, "three", isFinal: true),
        ];

        var lines = TimelineText.Lines(messages).ToList();

        Assert.HasCount(3, lines);
        Assert.EndsWith("tokens \"one two\" (last, 2 pieces)", lines[1]);
        Assert.EndsWith("tokens \"three\" (last)", lines[2]);
    }

    private static TokenChunk Piece(string request, uint index, string text, bool isFinal = false) =>
        new() { RequestId = request, ChunkIndex = index, Text = text, IsFinal = isFinal };
}
