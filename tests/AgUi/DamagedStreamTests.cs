using System.Text;
using System.Text.Json.Nodes;

namespace DashStream.AgUi.Tests;

/// <summary>Streams that were changed at random, with seeds that a failure names.</summary>
[TestClass]
public sealed class DamagedStreamTests
{
    private static readonly string[] Values = ["null", "-1", "1e999", "0.5", "true", "\"\"", "\"m\"", "{}", "[]", "[{\"op\":\"add\",\"path\":\"/x\",\"value\":null}]", "1700000000000"];

    [TestMethod]
    public void Whatever_bytes_come_are_judged_and_nothing_else_happens()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var bytes = Joined(Events());
            for (var i = random.Next(1, 20); i > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            Assert.IsNotNull(AgUiValidator.CheckStream(bytes, new AgUiValidatorOptions { Strictness = (AgUiStrictness)(seed % 2) }), $"seed {seed}");
        }
    }

    [TestMethod]
    public void Events_in_any_order_with_any_fields_come_back_as_they_were()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var events = Damaged(new Random(seed));
            var recorder = new AgUiRecorder("t");
            var translator = new AgUiTranslator();

            var back = events.SelectMany(recorder.Map).SelectMany(translator.Translate).ToList();

            AgUiValidator.CheckStream(Joined(events));
            Assert.HasCount(events.Count, back, $"seed {seed}");
            for (var i = 0; i < events.Count; i++)
            {
                Assert.IsTrue(
                    JsonNode.DeepEquals(JsonNode.Parse(events[i].ToWire()), JsonNode.Parse(back[i].ToWire())),
                    $"seed {seed}, event {i}: {Encoding.UTF8.GetString(events[i].ToWire())} became {Encoding.UTF8.GetString(back[i].ToWire())}");
            }
        }
    }

    private static List<AgUiEvent> Damaged(Random random)
    {
        var events = Events().ToList();
        for (var i = random.Next(1, 12); i > 0; i--)
        {
            var (one, other) = (random.Next(events.Count), random.Next(events.Count));
            var field = events[one].FieldNames.ElementAtOrDefault(random.Next(4)) ?? "timestamp";
            switch (random.Next(4))
            {
                case 0:
                    (events[one], events[other]) = (events[other], events[one]);
                    break;
                case 1:
                    events.Insert(one, events[other]);
                    break;
                case 2:
                    events[one] = events[one].With(field, null);
                    break;
                default:
                    events[one] = events[one].With(field, Encoding.UTF8.GetBytes(Values[random.Next(Values.Length)]));
                    break;
            }
        }

        return events;
    }

    private static IEnumerable<AgUiEvent> Events() => AgUiReader.Read(Recordings.Lines(
        """{"type":"RUN_STARTED","threadId":"t","runId":"r","timestamp":1755300013600}""",
        """{"type":"STEP_STARTED","stepName":"s","timestamp":1755300013601}""",
        """{"type":"STATE_SNAPSHOT","snapshot":{"a":[1]},"timestamp":1755300013602}""",
        """{"type":"TEXT_MESSAGE_START","messageId":"m","role":"assistant"}""",
        """{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"one","timestamp":1755300013603}""",
        """{"type":"TEXT_MESSAGE_END","messageId":"m"}""",
        """{"type":"TEXT_MESSAGE_CHUNK","messageId":"k","role":"user","delta":"a","timestamp":1755300013604}""",
        """{"type":"TEXT_MESSAGE_CHUNK","delta":"b","timestamp":1755300013605}""",
        """{"type":"TOOL_CALL_CHUNK","toolCallId":"x","toolCallName":"f","delta":"{}"}""",
        """{"type":"TOOL_CALL_CHUNK","delta":" "}""",
        """{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"f","parentMessageId":"m"}""",
        """{"type":"TOOL_CALL_ARGS","toolCallId":"c","delta":"{\"q\":1}"}""",
        """{"type":"TOOL_CALL_END","toolCallId":"c"}""",
        """{"type":"TOOL_CALL_RESULT","messageId":"o","toolCallId":"c","content":"[1]","role":"tool"}""",
        """{"type":"STATE_DELTA","delta":[{"op":"add","path":"/a/-","value":2}],"timestamp":1755300013606}""",
        """{"type":"REASONING_MESSAGE_START","messageId":"h","role":"reasoning"}""",
        """{"type":"REASONING_MESSAGE_CONTENT","messageId":"h","delta":"so"}""",
        """{"type":"REASONING_MESSAGE_END","messageId":"h"}""",
        """{"type":"MESSAGES_SNAPSHOT","messages":[{"id":"m","role":"assistant","content":"one"}]}""",
        """{"type":"STEP_FINISHED","stepName":"s"}""",
        """{"type":"RUN_FINISHED","threadId":"t","runId":"r","outcome":{"type":"success"},"timestamp":1755300013607}"""));

    private static byte[] Joined(IEnumerable<AgUiEvent> events) => Recordings.Lines([.. events.Select(item => Encoding.UTF8.GetString(item.ToWire()))]);
}
