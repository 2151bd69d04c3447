using System.Text;

namespace DashStream.Cli.Secrets;

/// <summary>Writes what it is given without the secrets in it; each call is looked at by itself, so a text is to be written in one.</summary>
internal sealed class CleaningWriter(TextWriter inner, KnownSecrets secrets) : TextWriter(inner.FormatProvider)
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => inner.Write(value);

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void Write(string? value) => inner.Write(value is null ? null : secrets.Clean(value));

    public override void WriteLine(string? value)
    {
        Write(value);
        inner.WriteLine();
    }

    public override void Flush() => inner.Flush();
}
