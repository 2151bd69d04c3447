namespace DashStream.AgUi;

/// <summary>Notes when the bytes of a body came, and ends where it broke.</summary>
internal sealed class WatchedStream(Stream inner, TimeProvider time) : Stream
{
    private long _last;

    /// <summary>How many times something came.</summary>
    public long Pieces { get; private set; }

    /// <summary>The longest time between two pieces, or between the last and the end.</summary>
    public TimeSpan LongestSilence { get; private set; }

    /// <summary>Why the body ended where it should not have; null when it ended in order.</summary>
    public Exception? Failure { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            Note(read);
            return read;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            Failure = e;
            Note(0);
            return 0;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Note(int bytes)
    {
        var now = time.GetTimestamp();
        if (Pieces > 0 && time.GetElapsedTime(_last, now) is var silence && silence > LongestSilence)
        {
            LongestSilence = silence;
        }

        _last = now;
        Pieces += bytes > 0 ? 1 : 0;
    }
}
