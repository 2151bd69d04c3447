using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace DashStream.Analysis;

/// <summary>A line of a text file, as bytes.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Bytes">The line without its end; empty when it was too long.</param>
/// <param name="IsEnded">Whether a line end follows. The last line of a torn file has none.</param>
/// <param name="IsTooLong">Whether it was over the limit and dropped.</param>
internal readonly record struct TextLine(long Number, ReadOnlyMemory<byte> Bytes, bool IsEnded, bool IsTooLong)
{
    public bool IsBlank => !IsTooLong && !Bytes.Span.ContainsAnyExcept(" \t\r"u8);
}

/// <summary>Reads lines of any stream without loading it whole; a line over the limit is reported and passed over.</summary>
internal static class LineReader
{
    public static async IAsyncEnumerable<TextLine> ReadAsync(
        Stream source, int maxLineBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pipe = PipeReader.Create(source, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
        long number = 0;
        long scanned = 0;
        var skipping = false;
        try
        {
            while (true)
            {
                var read = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
                var buffer = read.Buffer;
                while (buffer.Slice(scanned).PositionOf((byte)'\n') is { } end)
                {
                    number++;
                    scanned = 0;
                    var tooLong = skipping || buffer.Slice(0, end).Length > maxLineBytes;
                    yield return new TextLine(number, tooLong ? default : Trim(buffer.Slice(0, end)), IsEnded: true, tooLong);
                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                    skipping = false;
                }

                if (read.IsCompleted)
                {
                    if (skipping || !buffer.IsEmpty)
                    {
                        yield return new TextLine(number + 1, skipping ? default : Trim(buffer), IsEnded: false, skipping);
                    }

                    yield break;
                }

                if (skipping || buffer.Length > maxLineBytes)
                {
                    skipping = true;
                    buffer = buffer.Slice(buffer.End);
                }

                scanned = buffer.Length;
                pipe.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        finally
        {
            await pipe.CompleteAsync().ConfigureAwait(false);
        }
    }

    private static ReadOnlyMemory<byte> Trim(ReadOnlySequence<byte> line)
    {
        var bytes = line.ToArray();
        return bytes is [.., (byte)'\r'] ? bytes.AsMemory(0, bytes.Length - 1) : bytes;
    }
}
