using DashStream.Protocol;

namespace DashStream;

/// <summary>
/// Takes secrets and personal data out of messages: out of every text and every piece of JSON in them, not out of headers, ids, times and the names of
/// entries. Doing it twice changes nothing more. Thread-safe.
/// </summary>
public sealed class MessageRedactor
{
    private readonly RedactionRules _rules;
    private readonly RedactionOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Makes a redactor.</summary>
    /// <param name="options">The rules; null means the defaults.</param>
    /// <param name="time">The clock that the time limit goes by; null means the system's.</param>
    /// <exception cref="StreamException">An option is out of range (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public MessageRedactor(RedactionOptions? options = null, TimeProvider? time = null)
    {
        _options = options ?? new RedactionOptions();
        OptionFaults.ThrowIfAny(nameof(RedactionOptions), _options.Faults());
        _rules = new RedactionRules(_options);
        _time = time ?? TimeProvider.System;
    }

    /// <summary>
    /// The message without what the rules find: itself when they find nothing, else a copy. A state hash and a checksum in the copy are those of what it holds;
    /// the hash of a patch that was changed is left out.
    /// </summary>
    /// <param name="message">The message; not changed.</param>
    /// <exception cref="StreamException">The time limit was passed, or bytes cannot be looked into and the options refuse that
    /// (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public DashStreamMessage Redact(DashStreamMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var redaction = Begin();
        var copy = message.Clone();
        new MessageWalk(redaction).Visit(copy);
        return redaction.Changes > 0 ? copy : message;
    }

    /// <summary>JSON text without what the rules find; it stays valid, and every byte that is not replaced stays. What is not JSON is taken as text.</summary>
    /// <param name="json">UTF-8 JSON, such as a state that is about to be compared. Not changed.</param>
    /// <exception cref="StreamException">As for <see cref="Redact"/>.</exception>
    public ReadOnlyMemory<byte> RedactJson(ReadOnlyMemory<byte> json)
    {
        var redaction = Begin();
        return redaction.Bytes(Google.Protobuf.ByteString.CopyFrom(json.Span)).Memory;
    }

    /// <summary>A text without what the rules find.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="StreamException">As for <see cref="Redact"/>.</exception>
    public string RedactText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Begin().Text(text);
    }

    private Redaction Begin() => new(_rules, _options, _time);
}
