using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace DashStream.Duplicates;

/// <summary>
/// Ids in two files: <c>NAME.new</c> grows until it holds as many as must be remembered, then becomes <c>NAME.old</c> and a new one is begun. What is added
/// while a write is under way goes into the next write. A torn end is cut off when it is opened. Thread-safe.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The file is closed by DisposeAsync.")]
internal sealed class FileDuplicateWindow(string path, int capacity, bool flushToDisk) : IDuplicateWindow
{
    // An id and a part of itself turned over: a torn or foreign record does not fit.
    private const int IdBytes = 16;
    private const int RecordBytes = IdBytes + sizeof(uint);
    private static readonly byte[] Magic = "DSIDS01\n"u8.ToArray();

    private readonly MemoryDuplicateWindow _memory = new(capacity);
    private readonly Lock _gate = new();
    private FileStream? _owner;
    private FileStream? _file;
    private Write _next = new();
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private bool _closed;

    private string NewPath => path + ".new";

    private string OldPath => path + ".old";

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        // Held from here on, so that nobody else adds to the files.
        _owner = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        if (File.Exists(OldPath))
        {
            Take(await File.ReadAllBytesAsync(OldPath, cancellationToken).ConfigureAwait(false), OldPath);
        }

        _file = OpenNew();
        var bytes = new byte[_file.Length];
        await _file.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        _file.SetLength(Take(bytes, NewPath));
        _file.Seek(0, SeekOrigin.End);
    }

    public ValueTask<bool> ContainsAsync(UInt128 id, CancellationToken cancellationToken = default) => _memory.ContainsAsync(id, cancellationToken);

    public ValueTask AddAsync(UInt128 id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            var write = _next;
            write.Ids.Add(id);
            if (!_isWriting)
            {
                _isWriting = true;
                _writing = WriteAllAsync();
            }

            return new(write.Done.Task);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task writing;
        lock (_gate)
        {
            _closed = true;
            writing = _writing;
        }

        await writing.ConfigureAwait(false);
        _file?.Dispose();
        _owner?.Dispose();
    }

    // Returns how many bytes are whole.
    private long Take(byte[] bytes, string file)
    {
        var kept = Math.Min(bytes.Length, Magic.Length);
        if (!bytes.AsSpan(0, kept).SequenceEqual(Magic.AsSpan(0, kept)))
        {
            throw new StreamException(StreamErrorKind.Incompatible, $"'{file}' is not a file of message ids.");
        }

        if (kept < Magic.Length)
        {
            return 0;
        }

        var at = Magic.Length;
        for (; at + RecordBytes <= bytes.Length; at += RecordBytes)
        {
            var id = BinaryPrimitives.ReadUInt128LittleEndian(bytes.AsSpan(at));
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + IdBytes)) != CheckOf(id))
            {
                break;
            }

            _memory.Add(id);
        }

        return at;
    }

    // One at a time; never throws: each write hears of its own failure.
    private async Task WriteAllAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (true)
        {
            Write write;
            lock (_gate)
            {
                if (_next.Ids.Count == 0)
                {
                    _isWriting = false;
                    return;
                }

                (write, _next) = (_next, new Write());
            }

            await WriteAsync(write).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(Write write)
    {
        try
        {
            _file ??= OpenNew();
            var end = _file.Seek(0, SeekOrigin.End);
            var bytes = BytesOf(write.Ids, withMagic: end == 0);
            try
            {
                await _file.WriteAsync(bytes).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // Half a record in the middle would hide what follows it.
                _file.SetLength(end);
                throw;
            }

            if (flushToDisk)
            {
                _file.Flush(flushToDisk: true);
            }

            write.Ids.ForEach(_memory.Add);
            TurnOver();
            write.Done.SetResult();
        }
        catch (Exception e)
        {
            write.Done.SetException(new StreamException(StreamErrorKind.Transient, $"The ids of handled messages could not be written to '{NewPath}'.", e));
        }
    }

    private void TurnOver()
    {
        if (_file!.Length < Magic.Length + ((long)capacity * RecordBytes))
        {
            return;
        }

        _file.Dispose();
        _file = null;
        File.Move(NewPath, OldPath, overwrite: true);
    }

    private FileStream OpenNew() => new(NewPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);

    private static byte[] BytesOf(List<UInt128> ids, bool withMagic)
    {
        var start = withMagic ? Magic.Length : 0;
        var bytes = new byte[start + (ids.Count * RecordBytes)];
        Magic.AsSpan(0, start).CopyTo(bytes);
        for (var i = 0; i < ids.Count; i++)
        {
            var record = bytes.AsSpan(start + (i * RecordBytes), RecordBytes);
            BinaryPrimitives.WriteUInt128LittleEndian(record, ids[i]);
            BinaryPrimitives.WriteUInt32LittleEndian(record[IdBytes..], CheckOf(ids[i]));
        }

        return bytes;
    }

    private static uint CheckOf(UInt128 id) => ~((uint)id ^ (uint)(id >> 32) ^ (uint)(id >> 64) ^ (uint)(id >> 96));

    private sealed class Write
    {
        public List<UInt128> Ids { get; } = [];

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
