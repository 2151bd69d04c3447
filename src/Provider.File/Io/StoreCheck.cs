namespace DashStream.Providers;

/// <summary>The health check of a store.</summary>
internal static class StoreCheck
{
    private const long LittleRoomBytes = 64 * 1024 * 1024;

    /// <summary>Looks at the folder now; throws when it is gone or not ours, returns what is not as it should be.</summary>
    public static IReadOnlyList<string> Run(StoreContext store)
    {
        var folder = store.Folder;
        List<string> warnings = [];
        if (!folder.Look())
        {
            warnings.Add($"'{folder.Root}' holds no store yet; it is made with the first topic.");
            return warnings;
        }

        if (ReasonNotToWrite(folder) is { } reason)
        {
            warnings.Add($"'{folder.Root}' can be read only, sends will fail: {reason}");
        }

        var room = new DriveInfo(folder.Root).AvailableFreeSpace;
        if (room < LittleRoomBytes)
        {
            warnings.Add($"Only {room} bytes are free for '{folder.Root}'.");
        }

        return [.. warnings, .. store.Journal.Warnings()];
    }

    private static string? ReasonNotToWrite(StoreFolder folder)
    {
        try
        {
            using var file = File.OpenHandle(folder.CatalogLock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            return null;
        }
        catch (IOException e) when (FileErrors.IsSharingViolation(e))
        {
            // Somebody makes or deletes a topic right now.
            return null;
        }
        catch (Exception e) when (FileErrors.IsForeign(e))
        {
            return e.Message;
        }
    }
}
