using System.Globalization;

namespace DashStream.State;

/// <summary>What a stored checkpoint is found by. Within a thread they are ordered by time, then by id.</summary>
/// <param name="TenantId">The tenant; empty for none.</param>
/// <param name="ThreadId">The thread.</param>
/// <param name="CreatedUs">When it was saved, in microseconds since the Unix epoch, UTC; later than any other of the thread that was there.</param>
/// <param name="Id">Its id.</param>
public readonly record struct CheckpointName(string TenantId, string ThreadId, long CreatedUs, Guid Id)
{
    private const string Scheme = "checkpoint:";

    /// <summary>
    /// The form in which a message names a state that is stored elsewhere: <c>checkpoint:TIME/ID</c>. Thread and tenant are those of the message. Which store it
    /// is, sender and reader have agreed on.
    /// </summary>
    public string ToUri() => string.Create(CultureInfo.InvariantCulture, $"{Scheme}{CreatedUs}/{Id:N}");

    /// <summary>Reads <see cref="ToUri"/> back.</summary>
    /// <param name="uri">The text.</param>
    /// <param name="tenantId">The tenant of the message.</param>
    /// <param name="threadId">The thread of the message.</param>
    /// <param name="name">The name.</param>
    /// <returns>False when the text is none of ours.</returns>
    public static bool TryParseUri(string uri, string tenantId, string threadId, out CheckpointName name)
    {
        ArgumentNullException.ThrowIfNull(uri);
        name = default;
        var slash = uri.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !uri.StartsWith(Scheme, StringComparison.Ordinal)
            || !long.TryParse(uri.AsSpan(Scheme.Length, slash - Scheme.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var createdUs)
            || !Guid.TryParseExact(uri.AsSpan(slash + 1), "N", out var id))
        {
            return false;
        }

        name = new CheckpointName(tenantId, threadId, createdUs, id);
        return true;
    }

    /// <summary>The order within a thread, oldest first.</summary>
    internal static int Compare(CheckpointName left, CheckpointName right) =>
        left.CreatedUs != right.CreatedUs ? left.CreatedUs.CompareTo(right.CreatedUs) : left.Id.CompareTo(right.Id);
}
