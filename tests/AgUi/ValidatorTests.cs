using System.Text;

namespace DashStream.AgUi.Tests;

[TestClass]
public sealed class ValidatorTests
{
    private const string Start = """{"type":"RUN_STARTED","threadId":"t","runId":"r","timestamp":1}""";
    private const string Finish = """{"type":"RUN_FINISHED","threadId":"t","runId":"r","timestamp":2}""";

    [TestMethod]
    public void Good_recordings_pass()
    {
        foreach (var file in Recordings.Good())
        {
            var strictness = Recordings.IsExact(file) ? AgUiStrictness.Protocol : AgUiStrictness.Recorded;

            var errors = Errors(File.ReadAllBytes(file), strictness);

            Assert.IsEmpty(errors, $"{Path.GetFileName(file)}: {string.Join("; ", errors)}");
        }
    }

    [TestMethod]
    public void Bad_recordings_are_refused_for_what_they_are_named_for()
    {
        foreach (var (file, code) in Recordings.Bad())
        {
            var error = Assert.ThrowsExactly<AgUiException>(() => AgUiValidator.ThrowIfInvalid(File.ReadAllBytes(file)), file);

            Assert.AreEqual(code, AgUiFinding.CodeOf(error.Rule), file);
            StringAssert.Contains(error.Message, code);
        }
    }

    [TestMethod]
    [DataRow(AgUiRule.RunNotStarted, 0, """{"type":"TEXT_MESSAGE_START","messageId":"m"}|{"type":"TEXT_MESSAGE_END","messageId":"m"}""")]
    [DataRow(AgUiRule.RunStartedTwice, 1, "S|S|F")]
    [DataRow(AgUiRule.RunNotEnded, 1, "S")]
    [DataRow(AgUiRule.EventAfterEnd, 2, """S|F|{"type":"RAW","event":1}""")]
    [DataRow(AgUiRule.RunEndedTwice, 2, """S|{"type":"RUN_ERROR","message":"no"}|F""")]
    [DataRow(AgUiRule.StepNotStarted, 1, """S|{"type":"STEP_FINISHED","stepName":"a"}|F""")]
    [DataRow(AgUiRule.StepNotFinished, 2, """S|{"type":"STEP_STARTED","stepName":"a"}|F""")]
    [DataRow(AgUiRule.StepStartedTwice, 2, """S|{"type":"STEP_STARTED","stepName":"a"}|{"type":"STEP_STARTED","stepName":"a"}|{"type":"STEP_FINISHED","stepName":"a"}|{"type":"STEP_FINISHED","stepName":"a"}|F""")]
    [DataRow(AgUiRule.ReasoningNotEnded, 2, """S|{"type":"REASONING_START","messageId":"h"}|F""")]
    [DataRow(AgUiRule.ReasoningNotEnded, 2, """S|{"type":"REASONING_MESSAGE_START","messageId":"h","role":"reasoning"}|F""")]
    [DataRow(AgUiRule.UnknownParentSubagent, 1, """S|{"type":"SUBAGENT_STARTED","subagentRunId":"s","name":"n","parentSubagentRunId":"p"}|{"type":"SUBAGENT_FINISHED","subagentRunId":"s"}|F""")]
    [DataRow(AgUiRule.OtherSubagent, 2, """S|{"type":"TEXT_MESSAGE_START","messageId":"m","subagentRunId":"s"}|{"type":"TEXT_MESSAGE_END","messageId":"m","subagentRunId":"u"}|F""")]
    [DataRow(AgUiRule.OtherSubagent, 3, """S|{"type":"TEXT_MESSAGE_START","messageId":"m","subagentRunId":"s"}|{"type":"TEXT_MESSAGE_END","messageId":"m"}|{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"f","parentMessageId":"m","subagentRunId":"u"}|{"type":"TOOL_CALL_END","toolCallId":"c"}|F""")]
    [DataRow(AgUiRule.ContentWithoutStart, 1, """S|{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"a"}|F""")]
    [DataRow(AgUiRule.EndWithoutStart, 1, """S|{"type":"TEXT_MESSAGE_END","messageId":"m"}|F""")]
    [DataRow(AgUiRule.MessageNotEnded, 2, """S|{"type":"TEXT_MESSAGE_START","messageId":"m"}|F""")]
    [DataRow(AgUiRule.MessageIdUsedAgain, 3, """S|{"type":"TEXT_MESSAGE_START","messageId":"m"}|{"type":"TEXT_MESSAGE_END","messageId":"m"}|{"type":"TEXT_MESSAGE_START","messageId":"m"}|{"type":"TEXT_MESSAGE_END","messageId":"m"}|F""")]
    [DataRow(AgUiRule.MessageAlreadyOpen, 2, """S|{"type":"TEXT_MESSAGE_START","messageId":"m"}|{"type":"TEXT_MESSAGE_START","messageId":"m"}|{"type":"TEXT_MESSAGE_END","messageId":"m"}|F""")]
    [DataRow(AgUiRule.ArgumentsWithoutStart, 1, """S|{"type":"TOOL_CALL_ARGS","toolCallId":"c","delta":"{}"}|F""")]
    [DataRow(AgUiRule.CallEndWithoutStart, 1, """S|{"type":"TOOL_CALL_END","toolCallId":"c"}|F""")]
    [DataRow(AgUiRule.CallNotEnded, 2, """S|{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"f"}|F""")]
    [DataRow(AgUiRule.ArgumentsNotJson, 3, """S|{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"f"}|{"type":"TOOL_CALL_ARGS","toolCallId":"c","delta":"{\"a\":"}|{"type":"TOOL_CALL_END","toolCallId":"c"}|F""")]
    [DataRow(AgUiRule.CallIdUsedAgain, 2, """S|{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"f"}|{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"f"}|{"type":"TOOL_CALL_END","toolCallId":"c"}|F""")]
    [DataRow(AgUiRule.ResultWithoutCall, 1, """S|{"type":"TOOL_CALL_RESULT","messageId":"m","toolCallId":"c","content":"x"}|F""")]
    [DataRow(AgUiRule.DeltaDoesNotApply, 2, """S|{"type":"STATE_SNAPSHOT","snapshot":{}}|{"type":"STATE_DELTA","delta":[{"op":"add","path":"/a","value":1},{"op":"remove","path":"/b"}]}|F""")]
    [DataRow(AgUiRule.DeltaIsNoPatch, 1, """S|{"type":"STATE_DELTA","delta":[{"op":"add","path":"a","value":1}]}|F""")]
    [DataRow(AgUiRule.DeltaIsNoPatch, 1, """S|{"type":"STATE_DELTA","delta":[{"op":"add","path":"/a"}]}|F""")]
    [DataRow(AgUiRule.DeltaIsNoPatch, 1, """S|{"type":"STATE_DELTA","delta":{"op":"add"}}|F""")]
    [DataRow(AgUiRule.ReasoningWithoutStart, 1, """S|{"type":"REASONING_MESSAGE_CONTENT","messageId":"m","delta":"a"}|F""")]
    [DataRow(AgUiRule.SubagentStartedTwice, 2, """S|{"type":"SUBAGENT_STARTED","subagentRunId":"s","name":"n"}|{"type":"SUBAGENT_STARTED","subagentRunId":"s","name":"n"}|{"type":"SUBAGENT_FINISHED","subagentRunId":"s"}|F""")]
    [DataRow(AgUiRule.SubagentNotStarted, 1, """S|{"type":"SUBAGENT_FINISHED","subagentRunId":"s"}|F""")]
    [DataRow(AgUiRule.FailedSubagentNotStarted, 1, """S|{"type":"SUBAGENT_ERROR","subagentRunId":"s","message":"no"}|F""")]
    [DataRow(AgUiRule.SubagentNotFinished, 2, """S|{"type":"SUBAGENT_STARTED","subagentRunId":"s","name":"n"}|F""")]
    [DataRow(AgUiRule.NotJson, 1, "S|{\"type\":|F")]
    [DataRow(AgUiRule.UnknownType, 1, """S|{"type":"PING"}|F""")]
    [DataRow(AgUiRule.Schema, 1, """S|{"type":"STEP_STARTED"}|F""")]
    [DataRow(AgUiRule.Schema, 1, """S|{"type":"TEXT_MESSAGE_START","messageId":7}|F""")]
    [DataRow(AgUiRule.Schema, 1, """S|{"type":"RAW","event":1,"timestamp":"now"}|F""")]
    [DataRow(AgUiRule.Schema, 1, """S|{"type":"CUSTOM","name":"x"}|F""")]
    [DataRow(AgUiRule.Schema, 1, """S|{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"f","parentMessageId":null}|{"type":"TOOL_CALL_END","toolCallId":"c"}|F""")]
    [DataRow(AgUiRule.Schema, 1, """S|{"type":"TEXT_MESSAGE_CHUNK","delta":"a"}|F""")]
    [DataRow(AgUiRule.Schema, 1, """S|{"type":"TOOL_CALL_CHUNK","toolCallId":"c","delta":"a"}|F""")]
    [DataRow(AgUiRule.Schema, 1, """S|{"type":"RUN_FINISHED","threadId":"t","runId":"r","outcome":{"type":"interrupt","interrupts":[]}}""")]
    public void Each_rule_is_held(AgUiRule rule, int at, string stream)
    {
        var errors = Errors(Streamed(stream), AgUiStrictness.Protocol);

        Assert.HasCount(1, errors, string.Join("; ", errors));
        Assert.AreEqual((rule, (long)at), (errors[0].Rule, errors[0].EventIndex), errors[0].ToString());
    }

    [TestMethod]
    [DataRow("""{"type":"RUN_ERROR","message":"could not begin"}""")]
    [DataRow("""S|{"type":"TEXT_MESSAGE_CHUNK","messageId":"m","role":"assistant","delta":"a"}|{"type":"TEXT_MESSAGE_CHUNK","delta":"b"}|{"type":"RAW","event":null}|{"type":"TEXT_MESSAGE_CHUNK","messageId":"m"}|F""")]
    [DataRow("""S|{"type":"TOOL_CALL_CHUNK","toolCallId":"c","toolCallName":"f","delta":"{"}|{"type":"TOOL_CALL_CHUNK","delta":"}"}|{"type":"TOOL_CALL_RESULT","messageId":"m","toolCallId":"c","content":[]}|F""")]
    [DataRow("""S|{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"f"}|{"type":"TEXT_MESSAGE_START","messageId":"m"}|{"type":"TOOL_CALL_END","toolCallId":"c"}|{"type":"TEXT_MESSAGE_END","messageId":"m"}|F""")]
    [DataRow("""S|{"type":"STEP_STARTED","stepName":"a"}|{"type":"STEP_STARTED","stepName":"b"}|{"type":"STEP_FINISHED","stepName":"a"}|{"type":"STEP_FINISHED","stepName":"b"}|F|S|F""")]
    [DataRow("""S|{"type":"TEXT_MESSAGE_START","messageId":"m"}|{"type":"RUN_ERROR","message":"cut"}|S|{"type":"TEXT_MESSAGE_START","messageId":"m"}|{"type":"TEXT_MESSAGE_END","messageId":"m"}|F""")]
    [DataRow("""S|{"type":"THINKING_START"}|{"type":"THINKING_TEXT_MESSAGE_START"}|{"type":"THINKING_TEXT_MESSAGE_CONTENT","delta":"hm"}|{"type":"THINKING_TEXT_MESSAGE_END"}|{"type":"THINKING_END"}|F""")]
    [DataRow("""S|{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/unknown","value":1}]}|F""")]
    [DataRow("""S|{"type":"STATE_SNAPSHOT","snapshot":null}|{"type":"STATE_DELTA","delta":[{"op":"replace","path":"","value":{}},{"op":"add","path":"/a","value":null}]}|F""")]
    public void What_the_protocol_allows_is_not_refused(string stream)
    {
        var errors = Errors(Streamed(stream), AgUiStrictness.Protocol);

        Assert.IsEmpty(errors, string.Join("; ", errors));
    }

    [TestMethod]
    [DataRow("""{"type":"RUN_STARTED","threadId":"t","runId":"r","timestamp":1770389239.25,"parentRunId":null}|{"type":"STEP_FINISHED","stepName":"a"}|{"type":"RUN_ERROR","message":"no"}|F""")]
    [DataRow("""S|{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"f"}|{"type":"TOOL_CALL_ARGS","toolCallId":"c","delta":"{"}|{"type":"TOOL_CALL_END","toolCallId":"c"}|{"type":"TOOL_CALL_RESULT","messageId":"m","toolCallId":"other","content":"x"}|F""")]
    [DataRow("""S|{"type":"USAGE_METADATA","n":1}|{"type":"TEXT_MESSAGE_START","messageId":"m","role":"tool"}|{"type":"TEXT_MESSAGE_END","messageId":"m"}|{"type":"TEXT_MESSAGE_START","messageId":"m"}|{"type":"TEXT_MESSAGE_END","messageId":"m"}|F""")]
    public void What_known_frameworks_do_is_a_warning_in_recordings(string stream)
    {
        var errors = Errors(Streamed(stream), AgUiStrictness.Recorded);

        Assert.IsEmpty(errors, string.Join("; ", errors));
        Assert.IsNotEmpty(Errors(Streamed(stream), AgUiStrictness.Protocol));
    }

    [TestMethod]
    public void A_patch_that_does_not_apply_leaves_the_state_as_it_was()
    {
        var validator = new AgUiValidator();
        foreach (var item in AgUiReader.Read(Streamed(
            """S|{"type":"STATE_SNAPSHOT","snapshot":{"a":1}}|{"type":"STATE_DELTA","delta":[{"op":"add","path":"/b","value":2},{"op":"test","path":"/a","value":9}]}|{"type":"STATE_DELTA","delta":[{"op":"add","path":"/c","value":3}]}""")))
        {
            validator.Check(item);
        }

        Assert.AreEqual("""{"a":1,"c":3}""", Encoding.UTF8.GetString(validator.State!.Value.Span));
    }

    [TestMethod]
    public void A_state_of_the_input_is_the_first_one()
    {
        var stream = Streamed(
            """{"type":"RUN_STARTED","threadId":"t","runId":"r","input":{"threadId":"t","runId":"r","messages":[],"state":{"a":1}}}|{"type":"STATE_DELTA","delta":[{"op":"remove","path":"/b"}]}|F""");

        Assert.AreEqual(AgUiRule.DeltaDoesNotApply, Errors(stream, AgUiStrictness.Protocol).Single().Rule);
    }

    [TestMethod]
    public void What_is_remembered_is_bounded()
    {
        var validator = new AgUiValidator(new AgUiValidatorOptions { MaxIds = 2, MaxArgumentBytes = 10 });
        validator.Check(AgUiEvent.Parse(Encoding.UTF8.GetBytes(Start)));
        validator.Check(AgUiEvent.Create(AgUiEventType.ToolCallStart, ("toolCallId", "a"), ("toolCallName", "f")));
        validator.Check(AgUiEvent.Create(AgUiEventType.TextMessageStart, ("messageId", "b")));

        var tooMany = Assert.ThrowsExactly<AgUiException>(() => validator.Check(AgUiEvent.Create(AgUiEventType.TextMessageStart, ("messageId", "c"))));
        var tooLong = Assert.ThrowsExactly<AgUiException>(
            () => validator.Check(AgUiEvent.Create(AgUiEventType.ToolCallArgs, ("toolCallId", "a"), ("delta", new string('x', 11)))));

        Assert.AreEqual((StreamErrorKind.TooLarge, StreamErrorKind.TooLarge), (tooMany.Kind, tooLong.Kind));
    }

    private static IReadOnlyList<AgUiFinding> Errors(byte[] stream, AgUiStrictness strictness) =>
        [.. AgUiValidator.CheckStream(stream, new AgUiValidatorOptions { Strictness = strictness }).Where(finding => finding.Severity == AgUiSeverity.Error)];

    private static byte[] Streamed(string events) =>
        Recordings.Lines([.. events.Split('|').Select(item => item switch { "S" => Start, "F" => Finish, _ => item })]);
}
