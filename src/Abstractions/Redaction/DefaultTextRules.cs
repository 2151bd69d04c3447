using System.Text.RegularExpressions;

namespace DashStream;

/// <summary>The built-in rules for texts. The words that come instead are the original's where it has one.</summary>
internal static class DefaultTextRules
{
    private const int CertainlyToken = 20;
    private const int LeastPhoneDigits = 8;

    public static readonly TextRule[] All =
    [
        Token(@"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^-]|-[^-])*(?:-----END [A-Z ]*PRIVATE KEY-----)?", "[PRIVATE_KEY]", "PRIVATE KEY-----"),
        Token(@"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", "[JWT_TOKEN]", "eyJ"),
        Token(@"\bsk-ant-[A-Za-z0-9_-]{8,}", "[ANTHROPIC_KEY]", "sk-ant-"),
        Token(@"\bsk-[A-Za-z0-9_-]{16,}", "[OPENAI_KEY]", "sk-"),
        Token(@"\b[sr]k_(?:live|test)_[A-Za-z0-9]{8,}", "[STRIPE_KEY]", "k_live_", "k_test_"),
        Token(@"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", "[AWS_KEY]", "AKIA", "ASIA"),
        Token(@"\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_[A-Za-z0-9_]{20,}", "[GITHUB_TOKEN]", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        Token(@"\bAIza[A-Za-z0-9_-]{30,}", "[GOOGLE_API_KEY]", "AIza"),
        Token(@"\bxox[abeprs]-[A-Za-z0-9-]{10,}|\bglpat-[A-Za-z0-9_-]{16,}|\bhf_[A-Za-z0-9]{20,}", "[API_KEY]", "xox", "glpat-", "hf_"),
        Token(@"://[^\s/@:""']+:[^\s/@""']+@", "://[CREDENTIALS]@", "://"),
        Found(@"(?i:\bbearer)\s+[A-Za-z0-9._~+/=-]{8,}", Bearer, "bearer"),
        Token(
            @"((?i:\b(?:api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret|secret[_-]?key|password|passwd|pwd))[""']?\s*[:=]\s*[""']?)[^\s""',;&}\[]{4,}",
            "$1[SECRET]", "key", "token", "secret", "passw", "pwd"),
        TextRule.Of(["@"], PersonalData.WithoutEmails),
        TextRule.Of([], PersonalData.WithoutCards),
        Found(@"\+\d[\d ().-]{6,18}\d|(?:\b1[ .-])?(?:\(\d{3}\) ?|\b\d{3}[ .-])\d{3}[ .-]\d{4}\b", Phone, "+", "-", ".", " "),
    ];

    private static TextRule Token(string pattern, string replacement, params string[] triggers)
    {
        var regex = Linear(pattern);
        return TextRule.Of(triggers, text => regex.Replace(text, replacement));
    }

    private static TextRule Found(string pattern, MatchEvaluator evaluator, params string[] triggers)
    {
        var regex = Linear(pattern);
        return TextRule.Of(triggers, text => regex.Replace(text, evaluator));
    }

    private static Regex Linear(string pattern) => new(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, TimeSpan.FromMinutes(1));

    // "Bearer of bad news" is no secret: a token is long or holds a digit.
    private static string Bearer(Match match)
    {
        var token = match.ValueSpan[match.ValueSpan.IndexOfAny(" \t\r\n")..].TrimStart();
        return token.Length >= CertainlyToken || token.ContainsAnyInRange('0', '9') ? "Bearer [TOKEN]" : match.Value;
    }

    private static string Phone(Match match)
    {
        var digits = 0;
        foreach (var c in match.ValueSpan)
        {
            digits += char.IsAsciiDigit(c) ? 1 : 0;
        }

        return digits >= LeastPhoneDigits ? "[PHONE_NUMBER]" : match.Value;
    }
}
