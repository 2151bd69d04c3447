using System.Buffers;

namespace DashStream;

/// <summary>The names that every provider can hold: topics and groups alike.</summary>
public static class StreamNames
{
    /// <summary>Longest name, in characters: what Kafka and file systems take.</summary>
    public const int MaxLength = 249;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    /// <summary>Checks a topic name: 1 to 249 letters, digits, '.', '_' or '-', and not '.' or '..'.</summary>
    /// <exception cref="StreamException">The name is invalid (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public static void ThrowIfInvalidTopic(string topic) => ThrowIfInvalid("topic", topic);

    /// <summary>Checks a group name, by the same rule as topics.</summary>
    /// <exception cref="StreamException">The name is invalid (<see cref="StreamErrorKind.InvalidRequest"/>).</exception>
    public static void ThrowIfInvalidGroup(string group) => ThrowIfInvalid("group", group);

    private static void ThrowIfInvalid(string what, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var fault = name switch
        {
            "" => "it is empty",
            "." or ".." => $"'{name}' is reserved",
            { Length: > MaxLength } => $"it has {name.Length} characters, the limit is {MaxLength}",
            _ when name.AsSpan().ContainsAnyExcept(Allowed) =>
                $"character U+{(int)name[name.AsSpan().IndexOfAnyExcept(Allowed)]:X4} at index {name.AsSpan().IndexOfAnyExcept(Allowed)} is not allowed",
            _ => null,
        };

        if (fault is not null)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest,
                $"The {what} name is invalid: {fault}. Use 1 to {MaxLength} ASCII letters, digits, '.', '_' or '-', other than '.' and '..'.");
        }
    }
}
