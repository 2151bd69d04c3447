using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DashStream.State;

namespace DashStream.Providers;

/// <summary>
/// Keeps checkpoints as files, one folder a thread. A file is written beside, forced onto the disk and renamed, so that a crash or a loss of power at any moment
/// leaves all of it or nothing. Safe for concurrent use, also by several processes. Making one does no I/O.
/// </summary>
public sealed class FileCheckpointStore : ICheckpointStore
{
    private const string Suffix = ".checkpoint";
    private const int ThreadHashBytes = 16;
    private const int TimeDigits = 19;

    private static readonly TimeSpan LeftoverAge = TimeSpan.FromMinutes(10);

    private readonly string _folder;
    private readonly TimeProvider _time;

    /// <summary>Names the folder; it is made when first needed.</summary>
    /// <param name="folder">Where the files lie; for checkpoints alone.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public FileCheckpointStore(string folder, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        _folder = Path.GetFullPath(folder);
        _time = time ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public async ValueTask SaveAsync(CheckpointName name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // Forcing bytes onto the disk blocks, and has no other form.
        await Task.Run(() => Save(name, content), CancellationToken.None).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> LoadAsync(CheckpointName name, CancellationToken cancellationToken = default)
    {
        try
        {
            return await File.ReadAllBytesAsync(PathOf(name), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            throw FileErrors.Map(e, $"read checkpoint {name.Id:N} in '{_folder}'");
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CheckpointName>> ListAsync(string tenantId, string threadId, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var folder = FolderOf(tenantId, threadId);
            IReadOnlyList<CheckpointName> names = Directory.Exists(folder)
                ? [.. Directory.EnumerateFiles(folder, "*" + Suffix).Select(path => Parse(path, tenantId, threadId)).OfType<CheckpointName>()
                    .OrderByDescending(name => name.CreatedUs).ThenByDescending(name => name.Id)]
                : [];
            return ValueTask.FromResult(names);
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            throw FileErrors.Map(e, $"list the checkpoints of a thread in '{_folder}'");
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(CheckpointName name, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var path = PathOf(name);
        try
        {
            if (!File.Exists(path))
            {
                return ValueTask.FromResult(false);
            }

            File.Delete(path);
            return ValueTask.FromResult(true);
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            throw FileErrors.Map(e, $"remove checkpoint {name.Id:N} in '{_folder}'");
        }
    }

    /// <summary>Nothing is held open.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Save(CheckpointName name, ReadOnlyMemory<byte> content)
    {
        var path = PathOf(name);
        try
        {
            var folder = Path.GetDirectoryName(path)!;
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                Posix.SyncDirectory(_folder);
            }

            AtomicFile.Replace(path, content.Span, durable: true);
            RemoveLeftovers(folder);
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            throw FileErrors.Map(e, $"save a checkpoint in '{_folder}'");
        }
    }

    /// <summary>A process that was killed while it wrote leaves a file that nobody reads.</summary>
    private void RemoveLeftovers(string folder)
    {
        var before = _time.GetUtcNow() - LeftoverAge;
        foreach (var path in Directory.EnumerateFiles(folder, "*" + AtomicFile.TemporarySuffix).Where(path => File.GetLastWriteTimeUtc(path) < before))
        {
            _ = AtomicFile.TryDelete(path);
        }
    }

    // Ids may hold anything, also what no file name may; a hash is safe everywhere.
    private string FolderOf(string tenantId, string threadId) =>
        Path.Combine(_folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenantId}\n{threadId}")).AsSpan(0, ThreadHashBytes)));

    private string PathOf(CheckpointName name) => Path.Combine(
        FolderOf(name.TenantId, name.ThreadId), string.Create(CultureInfo.InvariantCulture, $"{name.CreatedUs:D19}-{name.Id:N}{Suffix}"));

    private static CheckpointName? Parse(string path, string tenantId, string threadId)
    {
        var file = Path.GetFileNameWithoutExtension(path.AsSpan());
        return file.Length > TimeDigits && file[TimeDigits] == '-'
            && long.TryParse(file[..TimeDigits], NumberStyles.None, CultureInfo.InvariantCulture, out var createdUs) && Guid.TryParseExact(file[(TimeDigits + 1)..], "N", out var id)
            ? new CheckpointName(tenantId, threadId, createdUs, id)
            : null;
    }
}
