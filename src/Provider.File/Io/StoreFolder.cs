using System.Globalization;
using System.Text;

namespace DashStream.Providers;

/// <summary>
/// The folder of a store: where things lie in it, and the marker that says it is ours and of which version. Topic names are used as file names as they are
/// (their rule allows nothing that a file system could misread), so on a file system that ignores case two topics must not differ by case alone.
/// </summary>
internal sealed class StoreFolder(string root)
{
    public const int FormatVersion = 1;

    private const string MarkerName = "dashstream.format";
    private const string MarkerWord = "dashstream-file";
    private const string LostAndFound = "lost+found";

    private volatile bool _known;

    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>One folder a topic.</summary>
    public string Topics => Path.Combine(Root, "topics");

    /// <summary>One file a topic: the ends of its partitions. Watched by waiting readers.</summary>
    public string Ends => Path.Combine(Root, "ends");

    /// <summary>Topics on their way in and out.</summary>
    public string Passing => Path.Combine(Root, "passing");

    public string CatalogLock => Path.Combine(Root, "catalog.lock");

    private string Marker => Path.Combine(Root, MarkerName);

    public string TopicFolder(string topic) => Path.Combine(Topics, topic);

    public string EndsFile(string topic) => Path.Combine(Ends, topic);

    // '+' stands in no topic name, so this is no topic's own file.
    public string GroupSignalFile(string topic) => Path.Combine(Ends, topic + "+g");

    /// <summary>Whether there is a store; false when the folder is missing or empty.</summary>
    /// <exception cref="StreamException">The folder holds something else or a newer format (<see cref="StreamErrorKind.Incompatible"/>).</exception>
    public bool Exists()
    {
        if (_known)
        {
            return true;
        }

        if (File.Exists(Root))
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"'{Root}' is a file; a store needs a folder.");
        }

        if (!Directory.Exists(Root))
        {
            return false;
        }

        if (!File.Exists(Marker))
        {
            ThrowIfForeign();
            return false;
        }

        CheckMarker();
        _known = true;
        return true;
    }

    /// <summary>Makes the store if it is not there. Two processes may do so at once.</summary>
    public void Create()
    {
        if (!Exists())
        {
            Directory.CreateDirectory(Root);
            // The marker comes first: another process that looks now sees an empty folder or one that is ours. Two may write it at once, with the same words.
            var own = $"{Marker}.{Guid.NewGuid():N}";
            AtomicFile.Replace(own, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{MarkerWord} {FormatVersion}\n")), durable: true);
            File.Move(own, Marker, overwrite: true);
        }

        if (!Directory.Exists(Topics) || !Directory.Exists(Ends) || !Directory.Exists(Passing))
        {
            Directory.CreateDirectory(Topics);
            Directory.CreateDirectory(Ends);
            Directory.CreateDirectory(Passing);
            Posix.SyncDirectory(Root);
        }

        _known = true;
    }

    /// <summary>Looks at the folder anew, as if for the first time.</summary>
    public bool Look()
    {
        var wasKnown = _known;
        _known = false;
        if (Exists())
        {
            return true;
        }

        _known = wasKnown;
        return wasKnown ? throw new StreamException(StreamErrorKind.NotFound, $"The store '{Root}' is gone.") : false;
    }

    private void CheckMarker()
    {
        var words = File.ReadAllText(Marker).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words is not [MarkerWord, var number, ..] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            throw new StreamException(StreamErrorKind.Incompatible, $"'{Marker}' does not say '{MarkerWord} {FormatVersion}': the folder is not a store of ours.");
        }

        if (version > FormatVersion)
        {
            throw new StreamException(StreamErrorKind.Incompatible,
                $"'{Root}' has on-disk format {version}; this program knows formats up to {FormatVersion}. Use a newer one.");
        }
    }

    private void ThrowIfForeign()
    {
        var foreign = Directory.EnumerateFileSystemEntries(Root).Select(Path.GetFileName)
            .FirstOrDefault(name => name != LostAndFound && !name!.StartsWith(MarkerName, StringComparison.Ordinal));

        // Looked at again, since another process may have made the store between the two looks.
        if (foreign is not null && !File.Exists(Marker))
        {
            throw new StreamException(StreamErrorKind.Incompatible,
                $"The folder '{Root}' is not empty and not a store of ours (it holds '{foreign}'). Nothing was written. Name an empty or a new folder.");
        }
    }
}
