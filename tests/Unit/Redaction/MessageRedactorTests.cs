using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DashStream.Protocol;
using DashStream.State;
using Google.Protobuf;

namespace DashStream.Tests.Redacting;

[TestClass]
public sealed class MessageRedactorTests
{
    private const string Canary = "sk-canary0123456789abcdef";

    private readonly MessageRedactor _redactor = new();

    [TestMethod]
    [DataRow("key sk-abcdefghijklmnop1234 used", "key [OPENAI_KEY] used")]
    [DataRow("sk-ant-api03-abcdef", "[ANTHROPIC_KEY]")]
    [DataRow("AKIAIOSFODNN7EXAMPLE", "[AWS_KEY]")]
    [DataRow("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[GITHUB_TOKEN]")]
    [DataRow("Authorization: Bearer abc123def456", "Authorization: Bearer [TOKEN]")]
    [DataRow("Bearer of news", "Bearer of news")]
    [DataRow("mail Bob.Smith+x@mail.example.co.uk, now", "mail [EMAIL], now")]
    [DataRow("not@mail and @handle and a@b", "not@mail and @handle and a@b")]
    [DataRow("card 4111 1111 1111 1111.", "card [CARD_NUMBER].")]
    [DataRow("in 2026 4111-1111-1111-1111", "in 2026 [CARD_NUMBER]")]
    [DataRow("card 4111 1111 1111 1112", "card 4111 1111 1111 1112")]
    [DataRow("at 1763727368000000 us", "at 1763727368000000 us")]
    [DataRow("call +1 415 555 2671", "call [PHONE_NUMBER]")]
    [DataRow("call (415) 555-2671", "call [PHONE_NUMBER]")]
    [DataRow("on 2026-11-21 at 10.0.0.1", "on 2026-11-21 at 10.0.0.1")]
    [DataRow("postgres://bob:hunter2@db/x", "postgres://[CREDENTIALS]@db/x")]
    [DataRow("password=hunter2!", "password=[SECRET]")]
    [DataRow("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nx", "[PRIVATE_KEY]\nx")]
    public void The_default_rules_take_out_secrets_and_leave_the_rest(string text, string expected)
    {
        var redacted = _redactor.RedactText(text);

        Assert.AreEqual(expected, redacted);
        Assert.AreEqual(expected, _redactor.RedactText(redacted));
    }

    [TestMethod]
    public void Json_stays_valid_and_every_other_byte_stays()
    {
        var json = "{ \"n\": 1.50e3, \"n\":2,\t\"mail\":\"b\\u006fb@example.com\", \"card\": 4111111111111111, \"in\": \"{\\\"k\\\":\\\"sk-abcdefghijklmnop1234\\\"}\" }";

        var redacted = Encoding.UTF8.GetString(_redactor.RedactJson(Encoding.UTF8.GetBytes(json)).Span);

        Assert.AreEqual("{ \"n\": 1.50e3, \"n\":2,\t\"mail\":\"[EMAIL]\", \"card\": \"[CARD_NUMBER]\", \"in\": \"{\\\"k\\\":\\\"[OPENAI_KEY]\\\"}\" }", redacted);
        using var parsed = JsonDocument.Parse(redacted);
    }

    [TestMethod]
    public void Own_rules_go_by_pattern_field_and_path()
    {
        var redactor = new MessageRedactor(new()
        {
            DefaultRules = false,
            Rules =
            [
                new() { Pattern = @"case-(\d+)", Replacement = "case-#" },
                new() { Field = "SSN" },
                new() { Path = "$.items[*].price", Replacement = "?" },
                new() { Path = "$..deep" },
            ],
        });

        var redacted = redactor.RedactJson("""{"a":"case-12","ssn":{"x":1},"items":[{"price":3,"id":1},{"price":4}],"price":5,"b":{"c":[{"deep":[1,2]}]}}"""u8.ToArray());

        Assert.AreEqual(
            """{"a":"case-#","ssn":"[REDACTED]","items":[{"price":"?","id":1},{"price":"?"}],"price":5,"b":{"c":[{"deep":"[REDACTED]"}]}}""",
            Encoding.UTF8.GetString(redacted.Span));
    }

    [TestMethod]
    public void Every_place_of_every_kind_of_message_is_looked_at()
    {
        var secret = ByteString.CopyFromUtf8($"{{\"x\":\"{Canary}\"}}");
        var error = new Error { Message = Canary, StackTrace = Canary, Context = { ["c"] = Canary }, Suggestions = { Canary }, ErrorCode = Canary, ExceptionType = Canary };
        var happened = new Event
        {
            NodeId = Canary,
            Attributes =
            {
                ["s"] = new() { StringValue = Canary },
                ["b"] = new() { BytesValue = secret },
                ["a"] = new() { ArrayValue = new() { Values = { new AttributeValue { StringValue = Canary } } } },
                ["m"] = new() { MapValue = new() { Values = { ["x"] = new AttributeValue { StringValue = Canary } } } },
            },
        };
        DashStreamMessage[] messages =
        [
            happened,
            new EventBatch { Events = { happened.Clone() } },
            new TokenChunk { Text = Canary, Model = Canary },
            new ToolExecution { Arguments = secret, Result = secret, Error = Canary, ErrorDetails = error.Clone(), ToolName = Canary },
            new StateDiff { FullState = secret },
            new StateDiff { Operations = { new DiffOperation { Path = "/a", Value = ByteString.CopyFromUtf8($"\"{Canary}\"") } } },
            new Checkpoint { State = secret, StorageUri = Canary, StateType = Canary, Metadata = { ["m"] = Canary } },
            new Metrics { Scope = Canary, Tags = { ["t"] = Canary }, Metrics_ = { ["m"] = new MetricValue { StringValue = Canary, Unit = Canary } } },
            error,
            new ExecutionTrace
            {
                FinalState = secret,
                Metadata = { ["m"] = secret },
                NodesExecuted = { new NodeExecutionRecord { Node = Canary, Input = secret, Output = secret, Metadata = { ["m"] = Canary } } },
                Errors = { new ErrorRecord { Node = Canary, Message = Canary, ErrorCode = Canary, StackTrace = Canary } },
            },
        ];

        foreach (var message in messages)
        {
            var before = message.Clone();
            var redacted = _redactor.Redact(message);

            Assert.AreEqual(before, message);
            Assert.DoesNotContain("canary", Encoding.Latin1.GetString(redacted.ToByteArray()), message.MessageCase.ToString());
        }
    }

    [TestMethod]
    public void What_holds_no_secret_is_sent_as_it_is()
    {
        DashStreamMessage message = new TokenChunk { Text = "nothing to see" };

        Assert.AreSame(message, _redactor.Redact(message));
    }

    [TestMethod]
    public void A_full_state_carries_the_hash_of_what_is_sent()
    {
        var state = "{\"mail\":\"bob@example.com\"}"u8.ToArray();
        var message = new StateDiff { FullState = ByteString.CopyFrom(state), StateHash = ByteString.CopyFrom(StateHash.Of(state).ToArray()) };

        var sent = _redactor.Redact(message).StateDiff;

        CollectionAssert.AreEqual(sent.FullState.ToByteArray(), sent.ApplyTo("null"u8.ToArray()));
    }

    [TestMethod]
    public void A_patch_is_looked_at_by_the_place_it_changes_and_loses_a_hash_that_no_longer_fits()
    {
        var redactor = new MessageRedactor(new() { DefaultRules = false, Rules = [new() { Path = "$.user.name" }, new() { Field = "card" }] });
        var message = new StateDiff
        {
            StateHash = ByteString.CopyFrom(new byte[32]),
            Operations =
            {
                new DiffOperation { Path = "/user/name", Value = ByteString.CopyFromUtf8("\"Bob\"") },
                new DiffOperation { Path = "/card/number", Value = ByteString.CopyFromUtf8("12") },
                new DiffOperation { Path = "/other/name", Value = ByteString.CopyFromUtf8("\"kept\"") },
            },
        };

        var sent = redactor.Redact(message).StateDiff;

        Assert.AreEqual("\"[REDACTED]\" \"[REDACTED]\" \"kept\"", string.Join(' ', sent.Operations.Select(operation => operation.Value.ToStringUtf8())));
        Assert.IsTrue(sent.StateHash.IsEmpty);
    }

    [TestMethod]
    public void A_checkpoint_keeps_a_true_checksum()
    {
        var state = $"{{\"k\":\"{Canary}\"}}";
        var message = new Checkpoint { State = ByteString.CopyFromUtf8(state), Checksum = ByteString.CopyFrom(SHA256.HashData(Encoding.UTF8.GetBytes(state))) };

        var sent = _redactor.Redact(message).Checkpoint;

        CollectionAssert.AreEqual(SHA256.HashData(sent.State.Span), sent.Checksum.ToByteArray());
        Assert.DoesNotContain("canary", sent.State.ToStringUtf8());
    }

    [TestMethod]
    public void A_pattern_that_takes_too_long_is_an_error_without_the_text()
    {
        var redactor = new MessageRedactor(new() { TimeLimit = TimeSpan.FromMilliseconds(20), Rules = [new() { Pattern = @"^(a+)+(?!b)\d$" }] });

        var error = Assert.ThrowsExactly<StreamException>(() => redactor.RedactText(new string('a', 60) + "!"));

        Assert.AreEqual(StreamErrorKind.InvalidRequest, error.Kind);
        Assert.IsNull(error.InnerException);
        StringAssert.Contains(error.Message, "TimeLimit");
        Assert.DoesNotContain("aaa", error.ToString());
    }

    [TestMethod]
    public void Bytes_that_cannot_be_looked_into_are_refused_when_asked_to()
    {
        DashStreamMessage message = new ToolExecution { Result = ByteString.CopyFrom(0xFF, 0xFE) };

        Assert.AreSame(message, _redactor.Redact(message));
        Assert.ThrowsExactly<StreamException>(() => new MessageRedactor(new() { RefuseOpaqueBytes = true }).Redact(message));
    }

    [TestMethod]
    public void Hostile_texts_take_linear_time()
    {
        foreach (var piece in new[] { "@", "a@", "-eyJaaaaaaaaa", "4 1 ", "://a:", "+1 ", "[{\"" })
        {
            _redactor.RedactText(string.Concat(Enumerable.Repeat(piece, 20_000)));
        }
    }

    [TestMethod]
    public void Options_out_of_range_are_named()
    {
        var options = new RedactionOptions { TimeLimit = TimeSpan.Zero, Rules = [new(), new() { Pattern = "(" }, new() { Path = "user" }, new() { Field = "a", Path = "$.a" }] };

        var error = Assert.ThrowsExactly<StreamException>(() => new MessageRedactor(options));

        foreach (var expected in new[] { "TimeLimit is 00:00:00", "Rules:0:set one of", "Rules:1:Pattern is no", "Rules:2:Path 'user'", "Rules:3:set one of" })
        {
            StringAssert.Contains(error.Message, expected);
        }
    }
}
