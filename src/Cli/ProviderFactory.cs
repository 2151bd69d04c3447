using DashStream.Providers;

namespace DashStream.Cli;

/// <summary>Opens the stores that URIs name. Memory stores live as long as the factory, so that one process can write and read them.</summary>
/// <param name="variable">Gives the value of an environment variable, or null.</param>
internal sealed class ProviderFactory(Func<string, string?> variable) : IAsyncDisposable
{
    public const string Schemes = $"memory:, file:DIR, sqlite:PATH, {KafkaUri.Form}, {RedisUri.Form}";

    private readonly Dictionary<string, IStreamProvider> _memory = new(StringComparer.Ordinal);

    public ProviderFactory()
        : this(Environment.GetEnvironmentVariable)
    {
    }

    /// <summary>Gives the value of an environment variable, or null.</summary>
    public Func<string, string?> Variable => variable;

    /// <summary>The URI as an error may repeat it: not at all when it may hold a password.</summary>
    public static string Quoted(string uri) => uri.AsSpan().ContainsAny('@', '=') ? "the URI" : $"'{uri}'";

    /// <summary>What is wrong with a URI, or null.</summary>
    public static string? FaultOf(string uri)
    {
        var (scheme, place) = Split(uri);
        return (scheme, place) switch
        {
            ("memory", _) => null,
            ("file" or "sqlite", "") => $"{Quoted(uri)} names no place; write {scheme}:{(scheme == "file" ? "DIR" : "PATH")}",
            ("file" or "sqlite", _) => null,
            ("kafka", _) => KafkaUri.FaultOf(place),
            ("redis" or "rediss", _) => RedisUri.FaultOf(scheme, place),
            _ => $"{Quoted(uri)} is no store; known are {Schemes}",
        };
    }

    /// <summary>Opens a store to write to; it is made when first used.</summary>
    public Lease Open(string uri)
    {
        if (FaultOf(uri) is { } fault)
        {
            throw new UsageException(fault);
        }

        var (scheme, place) = Split(uri);
        return scheme switch
        {
            "file" => new Lease(new FileProvider(place, new FileProviderOptions { CreateMissingTopics = false }), isShared: false),
            "sqlite" => new Lease(new SqliteProvider(place, new SqliteProviderOptions { CreateMissingTopics = false }), isShared: false),
            "kafka" => new Lease(new KafkaProvider(KafkaUri.OptionsOf(place, variable)), isShared: false),
            "redis" or "rediss" => new Lease(new RedisProvider(RedisUri.OptionsOf(scheme, place, variable)), isShared: false),
            _ => new Lease(Memory(place), isShared: true),
        };
    }

    /// <summary>Opens a store to read from: a place where nothing is must not become an empty store.</summary>
    public Lease OpenExisting(string uri)
    {
        var (scheme, place) = Split(uri);
        var exists = scheme switch
        {
            "file" => Directory.Exists(place),
            "sqlite" => File.Exists(place),
            _ => true,
        };
        return exists || FaultOf(uri) is not null
            ? Open(uri)
            : throw new StreamException(StreamErrorKind.NotFound, $"There is no store at '{place}' ({scheme}).");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var provider in _memory.Values)
        {
            await provider.DisposeAsync();
        }

        _memory.Clear();
    }

    private IStreamProvider Memory(string name)
    {
        if (!_memory.TryGetValue(name, out var provider))
        {
            _memory[name] = provider = new MemoryProvider(new MemoryProviderOptions { CreateMissingTopics = false });
        }

        return provider;
    }

    private static (string Scheme, string Place) Split(string uri)
    {
        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? ("", uri) : (uri[..colon].ToLowerInvariant(), uri[(colon + 1)..]);
    }

    /// <summary>A provider in use; giving it back closes it unless it is shared.</summary>
    internal sealed class Lease(IStreamProvider provider, bool isShared) : IAsyncDisposable
    {
        public IStreamProvider Provider => provider;

        public ValueTask DisposeAsync() => isShared ? ValueTask.CompletedTask : provider.DisposeAsync();
    }
}
