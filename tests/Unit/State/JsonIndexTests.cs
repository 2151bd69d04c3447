using System.Text.Json;
using System.Text.Unicode;
using DashStream.State;

namespace DashStream.Tests.State;

/// <summary>The reader of states beside the one of the platform, and the reading of a text that begins like another beside reading it alone.</summary>
[TestClass]
public sealed class JsonIndexTests
{
    private const int Texts = 1500;
    private const int Depth = 5;
    private const int MaxDepth = 40;

    private static readonly JsonReadLimits Limits = new("The state", 1 << 20, MaxDepth);

    private static readonly string[] Pieces =
    [
        "\"", "\\", "\\u", "\\u00", "\\ud83d", "\\ude00", "\\n", "\\/", "\\x", "{", "}", "[", "]", ",", ":", "-", "+", ".", "e", "E9", "0", "00", "1", "1e400", "1E-400", " ", "\n", "\t",
        "\u0001", "\u001f", "\u007f", "true", "nul", "//", "é", "😀", "\"a\":", "\\\\\\\"", "a plain text that is longer than one vector of bytes is wide",
    ];

    [TestMethod]
    public void Takes_and_refuses_what_the_platform_does_and_reads_the_same_texts()
    {
        var taken = 0;
        ForTexts((seed, text) =>
        {
            var expected = Accepted(text);
            using var index = TryRead(text, null, out var error);

            Assert.AreEqual(expected, index is not null, $"seed {seed}: {text.Text()} {error}");
            if (index is not null)
            {
                CheckTexts(index, text, seed);
                taken++;
            }
        });

        Assert.IsGreaterThan(Texts / 4, taken);
    }

    [TestMethod]
    public void Reading_on_from_a_common_beginning_is_reading_alone()
    {
        byte[]? last = null;
        ForTexts((seed, text) =>
        {
            using var known = last is null ? null : TryRead(last, null, out _);
            last = text;
            using var alone = TryRead(text, null, out var expected);
            using var following = TryRead(text, known, out var actual);

            Assert.AreEqual(expected, actual, $"seed {seed}: {text.Text()}");
            AssertSame(alone, following, seed);
        });
    }

    [TestMethod]
    public void A_text_cut_at_every_byte_is_read_on_as_alone()
    {
        var whole = """ {"messages":[{"role":"user","content":"say \u0022yes\u0022\n"},[],{},[{"a":[1,2.50,-3e1]}]],"b\n":true,"turn":12} """.Utf8();
        using var known = TryRead(whole, null, out _);
        for (var length = 0; length < whole.Length; length++)
        {
            foreach (var tail in (string[])["", "1", "\"", "}", ",\"c\":null}", "]}", " "])
            {
                byte[] text = [.. whole[..length], .. tail.Utf8()];
                using var alone = TryRead(text, null, out var expected);
                using var following = TryRead(text, known, out var actual);

                Assert.AreEqual(expected, actual, text.Text());
                AssertSame(alone, following, length);
            }
        }
    }

    private static void ForTexts(Action<int, byte[]> check)
    {
        for (var seed = 0; seed < Texts; seed++)
        {
            var states = new RandomStates(seed);
            var random = new Random(seed);
            var text = states.Write(states.Make(Depth));
            check(seed, text.Utf8());
            for (var i = 0; i < 4; i++)
            {
                var at = random.Next(text.Length + 1);
                var cut = random.Next(Math.Min(4, text.Length - at) + 1);
                var changed = text[..at] + Pieces[random.Next(Pieces.Length)] + text[(at + cut)..];
                check(seed, changed.Utf8());
                text = i % 2 == 0 ? changed : text;
            }
        }
    }

    private static JsonIndex? TryRead(byte[] text, JsonIndex? known, out string? error)
    {
        error = null;
        try
        {
            return JsonIndex.Of(text, Limits, known);
        }
        catch (StreamException e)
        {
            error = $"{e.Kind} {e.Message}";
            return null;
        }
    }

    private static bool Accepted(byte[] text)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    _ = reader.GetString();
                }

                if (reader.TokenType == JsonTokenType.Number && !double.IsFinite(reader.GetDouble()))
                {
                    return false;
                }
            }

            return Utf8.IsValid(text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private static void CheckTexts(JsonIndex index, byte[] text, int seed)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
        using var canonical = new PooledList<byte>(16);
        var token = 0;
        while (reader.Read())
        {
            canonical.Truncate(0);
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                Assert.AreEqual(reader.GetString(), index.KeyText(index.Tokens[token]), $"seed {seed}");
            }
            else if (reader.TokenType is not (JsonTokenType.EndArray or JsonTokenType.EndObject))
            {
                Assert.AreEqual(reader.TokenStartIndex, index.Tokens[token].Start, $"seed {seed}");
                if (reader.TokenType == JsonTokenType.String)
                {
                    CanonicalText.Write(reader.GetString()!.Utf8(), canonical);
                    Assert.AreEqual(canonical.Span.ToArray().Text(), index.Canonical(index.Tokens[token]).ToArray().Text(), $"seed {seed}");
                }

                token++;
            }
        }

        Assert.AreEqual(index.Tokens.Count, token);
    }

    private static void AssertSame(JsonIndex? alone, JsonIndex? following, int seed)
    {
        if (alone is null || following is null)
        {
            return;
        }

        Assert.IsTrue(alone.Tokens.Span.ToArray().SequenceEqual(following.Tokens.Span.ToArray()), $"tokens of {seed}");
        Assert.IsTrue(alone.Children.Span.SequenceEqual(following.Children.Span), $"children of {seed}");
        Assert.IsTrue(alone.Rewritten.Span.SequenceEqual(following.Rewritten.Span), $"rewritten texts of {seed}");
    }
}
