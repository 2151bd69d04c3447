using DashStream.Providers;

namespace DashStream.Crash;

/// <summary>Opens the provider that a URI such as <c>file:DIR</c> names.</summary>
internal static class ProviderUri
{
    public static IStreamProvider Open(string uri)
    {
        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        var (scheme, place) = colon < 0 ? (uri, "") : (uri[..colon], uri[(colon + 1)..]);
        return scheme switch
        {
            "file" => new FileProvider(place, new FileProviderOptions { SegmentBytes = 256 * 1024 }),
            "sqlite" => new SqliteProvider(place),
            _ => throw new ArgumentException($"Unknown provider '{uri}'.", nameof(uri)),
        };
    }
}
