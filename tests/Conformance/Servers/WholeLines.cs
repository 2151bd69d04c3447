using System.Text;

namespace DashStream.Conformance.Servers;

/// <summary>
/// The lines of a process that may be killed at any moment. What it began to write and did not end is no line: the first digits of a number look like a number.
/// </summary>
internal sealed class WholeLines(TextReader text)
{
    private readonly char[] _read = new char[4096];
    private readonly StringBuilder _line = new();
    private ReadOnlyMemory<char> _rest;

    /// <summary>The next line that was written to its end; null when there is none.</summary>
    public async Task<string?> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var end = _rest.Span.IndexOf('\n');
            _line.Append(end < 0 ? _rest : _rest[..end]);
            if (end >= 0)
            {
                _rest = _rest[(end + 1)..];
                var line = _line.ToString();
                _line.Clear();
                return line.EndsWith('\r') ? line[..^1] : line;
            }

            _rest = _read.AsMemory(0, await text.ReadAsync(_read, cancellationToken));
            if (_rest.IsEmpty)
            {
                return null;
            }
        }
    }
}
