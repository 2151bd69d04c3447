using System.Security.Cryptography;
using System.Text;
using DashStream.Duplicates;

namespace DashStream;

/// <summary>
/// Remembers the ids of handled messages in plain files of one folder, two a topic and group, so that a restarted process knows them. Each topic and group is open
/// once at a time, in one process; members on other machines have their own folders and do not know each other's ids.
/// </summary>
public sealed class FileDuplicateStore : IDuplicateStore
{
    private readonly string _folder;
    private readonly bool _flushToDisk;

    /// <summary>Names the folder; it is made when first needed.</summary>
    /// <param name="folder">Where the files lie.</param>
    /// <param name="flushToDisk">True: an id counts as kept when the disk has it, so it survives the loss of power. False (default): when the operating system
    /// has it, so it survives the end of the process.</param>
    public FileDuplicateStore(string folder, bool flushToDisk = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _folder = Path.GetFullPath(folder);
        _flushToDisk = flushToDisk;
    }

    /// <inheritdoc/>
    /// <exception cref="StreamException"><see cref="StreamErrorKind.InvalidRequest"/>: there is no group; <see cref="StreamErrorKind.Transient"/>: the files
    /// cannot be opened, or are open elsewhere; <see cref="StreamErrorKind.Incompatible"/>: a file is not one of ours.</exception>
    public async ValueTask<IDuplicateWindow> OpenAsync(string topic, string? group, int capacity, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        if (group is null)
        {
            throw new StreamException(
                StreamErrorKind.InvalidRequest, $"A reader of topic '{topic}' without a group has nothing to go on from, so it cannot keep ids in files.");
        }

        // Names may differ in case only, which not every file system tells apart; a hash is safe everywhere.
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{topic}\n{group}")).AsSpan(0, 16));
        try
        {
            Directory.CreateDirectory(_folder);
            var window = new FileDuplicateWindow(Path.Combine(_folder, name), capacity, _flushToDisk);
            try
            {
                await window.LoadAsync(cancellationToken).ConfigureAwait(false);
                return window;
            }
            catch
            {
                await window.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StreamException(
                StreamErrorKind.Transient,
                $"The ids that group '{group}' has handled of topic '{topic}' cannot be opened in '{_folder}': another consumer may have them open.", e);
        }
    }
}
