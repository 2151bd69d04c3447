using System.Text.Json;
using DashStream.Cli;

namespace DashStream.Tests.Cli;

/// <summary>The tool called in process, as often as a test likes, with memory stores that last as long as the session.</summary>
/// <param name="variable">The environment; null is that of the process.</param>
internal sealed class ToolSession(Func<string, string?>? variable = null) : IAsyncDisposable
{
    private readonly ProviderFactory _stores = new(variable ?? Environment.GetEnvironmentVariable);

    public Task<ToolResult> RunAsync(params string[] args) => RunAsync(args, CancellationToken.None);

    public async Task<ToolResult> RunAsync(IReadOnlyList<string> args, CancellationToken cancellationToken)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await Tool.RunAsync(args, new Terminal(output, error), _stores, cancellationToken);
        return new ToolResult(code, output.ToString(), error.ToString());
    }

    /// <summary>A store to prepare or to look into.</summary>
    public ProviderFactory.Lease Open(string uri) => _stores.Open(uri);

    public ValueTask DisposeAsync() => _stores.DisposeAsync();
}

internal sealed record ToolResult(int Code, string Out, string Err)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public List<JsonElement> Objects => [.. Lines.Select(line => JsonDocument.Parse(line).RootElement)];
}
