using System.Text;
using System.Text.Json.Nodes;
using DashStream.Protocol;

namespace DashStream.AgUi.Tests;

/// <summary>Recordings of frameworks with something wrong: each is taken or refused with a reason, and nothing else happens.</summary>
[TestClass]
public sealed class MutatedRecordingTests
{
    private const int Seeds = 400;

    private static readonly string[] Odd =
    [
        "null", "-1", "1e999", "1E400", "0.5", "true", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "{}", "[]", "[null]", "{\"type\":\"RUN_STARTED\"}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]",
        "[{\"op\":\"add\",\"path\":\"/-\",\"value\":1}]", "[{\"op\":\"remove\",\"path\":\"\"}]", "[{\"op\":\"test\",\"path\":\"/~2\",\"value\":1}]", "99999999999999999999", "{\"type\":\"interrupt\"}",
        "[{\"id\":1,\"role\":[]}]", "[1,[2,[3]]]", "{\"state\":[],\"messages\":{}}", "\"😀\"", "tru", "\"open",
    ];

    [TestMethod]
    public async Task Each_is_taken_or_refused_with_a_reason()
    {
        var files = Recordings.All().Select(File.ReadAllBytes).ToList();
        var refused = 0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var bytes = Mutated(files[random.Next(files.Count)], random);
            var options = new AgUiValidatorOptions { Strictness = (AgUiStrictness)(seed % 2), SharesState = seed % 3 == 0 };
            var findings = AgUiValidator.CheckStream(bytes, options);
            Assert.IsTrue(findings.All(finding => finding.Reason.Length > 5 && finding.ToString().Length < 2000), $"seed {seed}");
            var isRefused = IsRefused(bytes, options);
            Assert.AreEqual(findings.Any(finding => finding.Severity == AgUiSeverity.Error), isRefused, $"seed {seed}");
            refused += isRefused ? 1 : 0;
            await CheckReadingAsync(bytes, seed);
        }

        Assert.IsGreaterThan(Seeds / 3, refused);
        Assert.IsLessThan(Seeds, refused);
    }

    [TestMethod]
    public void Each_cut_is_judged()
    {
        foreach (var file in Recordings.All().Select(File.ReadAllBytes).Where(bytes => bytes.Length < 6000))
        {
            for (var length = 0; length <= file.Length; length += 3)
            {
                Assert.IsNotNull(AgUiValidator.CheckStream(file.AsMemory(0, length)));
            }
        }
    }

    [TestMethod]
    public void Messages_with_marks_that_are_no_recorders_are_told_nonetheless()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var messages = AgUiReader.Read(Recordings.Lines(
                """{"type":"RUN_STARTED","threadId":"t","runId":"r","timestamp":1755300013600}""", """{"type":"STATE_SNAPSHOT","snapshot":{"a":1},"x":1}""",
                """{"type":"TEXT_MESSAGE_CHUNK","messageId":"k","role":"user","delta":"a"}""", """{"type":"TOOL_CALL_CHUNK","toolCallId":"x","toolCallName":"f","delta":"{}"}""",
                """{"type":"STATE_DELTA","delta":[{"op":"add","path":"/b","value":1}]}""", """{"type":"RUN_ERROR","message":"no","x":[1]}""")).SelectMany(new AgUiRecorder("t").Map).ToList();
            foreach (var message in messages)
            {
                Spoil(message, random);
            }

            var translator = new AgUiTranslator();
            foreach (var item in messages.SelectMany(translator.Translate))
            {
                Assert.IsNotNull(JsonNode.Parse(item.ToWire()), $"seed {seed}");
            }
        }
    }

    [TestMethod]
    [DataRow("the start of a piece", "101", """{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"x"}|{"type":"TEXT_MESSAGE_START","messageId":"m"}|{"type":"TEXT_MESSAGE_END","messageId":"m"}""")]
    [DataRow("an end without a start", "202", """{"type":"TOOL_CALL_END","toolCallId":"c"}""")]
    [DataRow("two runs at once", "002", """{"type":"RUN_STARTED","threadId":"t","runId":"other"}""")]
    [DataRow("a patch that does not apply", "302", """{"type":"STATE_SNAPSHOT","snapshot":{"a":[]}}|{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/a/3","value":1}]}""")]
    [DataRow("a move into itself", "302", """{"type":"STATE_SNAPSHOT","snapshot":{"a":{}}}|{"type":"STATE_DELTA","delta":[{"op":"move","from":"/a","path":"/a/b"}]}""")]
    [DataRow("arguments that are not JSON", "204", """{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"f"}|{"type":"TOOL_CALL_ARGS","toolCallId":"c","delta":"{'a'}"}|{"type":"TOOL_CALL_END","toolCallId":"c"}""")]
    [DataRow("an unknown kind", "503", """{"type":"RUN_PAUSED"}""")]
    [DataRow("no kind", "504", """{"messageId":"m"}""")]
    [DataRow("a number for a text", "504", """{"type":"STEP_STARTED","stepName":1}""")]
    [DataRow("half a line", "502", "RUN_STARTED")]
    [DataRow("a list", "502", """[1]""")]
    public void What_is_wrong_is_named(string what, string code, string events)
    {
        var stream = Recordings.Lines(["""{"type":"RUN_STARTED","threadId":"t","runId":"r"}""", .. events.Split('|'), """{"type":"RUN_FINISHED","threadId":"t","runId":"r"}"""]);

        var error = Assert.ThrowsExactly<AgUiException>(() => AgUiValidator.ThrowIfInvalid(stream), what);

        StringAssert.Contains(error.Message, $"AGUI{code}");
    }

    private static bool IsRefused(byte[] bytes, AgUiValidatorOptions options)
    {
        try
        {
            AgUiValidator.ThrowIfInvalid(bytes, options);
            return false;
        }
        catch (AgUiException e)
        {
            StringAssert.Contains(e.Message, "(AGUI");
            return true;
        }
    }

    /// <summary>What can be read can be recorded and given back; what cannot is refused alike in memory and as it comes.</summary>
    private static async Task CheckReadingAsync(byte[] bytes, int seed)
    {
        var options = new AgUiReaderOptions { SkipMalformed = _ => true };
        var (read, coming) = (0, 0);
        var (recorder, translator) = (new AgUiRecorder("t"), new AgUiTranslator());
        AgUiException? first = null, second = null;
        try
        {
            foreach (var item in AgUiReader.Read(bytes, options))
            {
                Assert.HasCount(1, recorder.Map(item).SelectMany(translator.Translate).ToList(), $"seed {seed}");
                read++;
            }
        }
        catch (AgUiException e)
        {
            first = e;
        }

        try
        {
            using var stream = new MemoryStream(bytes);
            await foreach (var item in AgUiReader.ReadAsync(stream, options))
            {
                coming++;
            }
        }
        catch (AgUiException e)
        {
            second = e;
        }

        Assert.AreEqual((read, first?.Message), (coming, second?.Message), $"seed {seed}");
    }

    private static byte[] Mutated(byte[] file, Random random)
    {
        var text = Encoding.UTF8.GetString(file);
        var lines = text.TrimStart('\uFEFF').StartsWith('[') ? [.. AgUiReader.Read(file).Select(item => Encoding.UTF8.GetString(item.Json.Span))] : text.Split('\n').ToList();
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            Mutate(lines, random);
        }

        var joined = random.Next(6) switch
        {
            0 => $"[{string.Join(',', lines)}]",
            1 => string.Concat(lines.Select(line => $"data: {line}\n\n")),
            2 => string.Concat(lines.Select(line => $": c\r\nid: 1\r\ndata:{line}\r\n\r\n")),
            3 => $"\uFEFF{string.Join("\r\n", lines)}",
            _ => string.Join('\n', lines),
        };
        var bytes = Encoding.UTF8.GetBytes(joined);
        for (var i = random.Next(4) == 0 ? random.Next(1, 8) : 0; i > 0 && bytes.Length > 0; i--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return random.Next(8) == 0 ? bytes[..random.Next(bytes.Length + 1)] : bytes;
    }

    private static void Mutate(List<string> lines, Random random)
    {
        if (lines.Count == 0)
        {
            return;
        }

        var (one, other) = (random.Next(lines.Count), random.Next(lines.Count));
        switch (random.Next(8))
        {
            case 0:
                lines.RemoveAt(one);
                break;
            case 1:
                lines.Insert(one, lines[other]);
                break;
            case 2:
                (lines[one], lines[other]) = (lines[other], lines[one]);
                break;
            case 3:
                lines[one] = lines[one][..random.Next(lines[one].Length + 1)];
                break;
            case 4:
                lines[one] = new string('[', random.Next(1, 300)) + lines[one];
                break;
            default:
                lines[one] = WithOddField(lines[one], random);
                break;
        }
    }

    private static string WithOddField(string line, Random random)
    {
        var colons = Enumerable.Range(0, line.Length).Where(i => line[i] == ':').ToList();
        if (colons.Count == 0)
        {
            return Odd[random.Next(Odd.Length)];
        }

        var at = colons[random.Next(colons.Count)] + 1;
        var end = line.IndexOfAny([',', '}'], at);
        return end < 0 ? line[..at] : string.Concat(line.AsSpan(0, at), Odd[random.Next(Odd.Length)], line.AsSpan(end));
    }

    private static void Spoil(DashStreamMessage message, Random random)
    {
        var value = Odd[random.Next(Odd.Length)];
        switch (random.Next(3))
        {
            case 0 when message.Event is { } told:
                var name = told.Attributes.Keys.Append("ag_ui.set").ElementAt(random.Next(told.Attributes.Count + 1));
                told.Attributes[name] = new AttributeValue { StringValue = value };
                break;
            case 0 when message.Error is { } error:
                error.Context["ag_ui.set"] = value;
                break;
            case 0 when message.StateDiff is { } diff:
                if (diff.FullState.IsEmpty)
                {
                    diff.Operations[0].Value = Google.Protobuf.ByteString.CopyFromUtf8(value);
                }
                else
                {
                    diff.FullState = Google.Protobuf.ByteString.CopyFromUtf8(value);
                }

                break;
            case 0 when message.ToolExecution is { } tool:
                tool.Result = Google.Protobuf.ByteString.CopyFromUtf8(value);
                break;
        }
    }
}
