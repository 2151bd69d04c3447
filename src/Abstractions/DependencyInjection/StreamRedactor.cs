using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DashStream;

/// <summary>
/// The redactor of what a registered stream sends. Made at the first use: the stream's settings hold its dead letters' sink, whose own settings ask for this.
/// Thread-safe.
/// </summary>
internal sealed class StreamRedactor
{
    private readonly Lazy<MessageRedactor?> _redactor;

    public StreamRedactor(IServiceProvider services, string optionsName) => _redactor = new Lazy<MessageRedactor?>(() =>
        services.GetRequiredService<IOptionsMonitor<DashStreamOptions>>().Get(optionsName).Producer.Redaction is { } options
            ? new MessageRedactor(options, services.GetRequiredService<TimeProvider>())
            : null);

    /// <summary>The text without what the stream's rules find; the text itself when the stream has none.</summary>
    public string Text(string text) => _redactor.Value?.RedactText(text) ?? text;

    /// <summary>The JSON without what the stream's rules find; the JSON itself when the stream has none.</summary>
    public ReadOnlyMemory<byte> Json(ReadOnlyMemory<byte> json) => _redactor.Value?.RedactJson(json) ?? json;
}
