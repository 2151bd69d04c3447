namespace DashStream.Providers;

/// <summary>Which addresses of a broker's name are tried.</summary>
public enum KafkaAddressFamily
{
    /// <summary>IPv4 when a listed host is this machine by name or IPv4 address (<c>localhost</c> often resolves to an address nobody listens on), else any.</summary>
    Auto,

    /// <summary>Whatever the name resolves to.</summary>
    Any,

    /// <summary>IPv4 only.</summary>
    V4,

    /// <summary>IPv6 only.</summary>
    V6,
}
