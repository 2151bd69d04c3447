using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DashStream.AgUi;

/// <summary>How threads are served to browsers. Not to be changed once the endpoint is mapped.</summary>
public sealed class AgUiEndpointOptions
{
    /// <summary>Where the log is. Default: the unnamed stream of <c>AddDashStream()</c>.</summary>
    public Func<IServiceProvider, IStreamProvider> Provider { get; set; } = services => services.GetRequiredService<IStreamProvider>();

    /// <summary>
    /// Whose messages a request may see: the tenant's id. What a thread holds of other tenants is passed over, and a thread that holds nothing else is answered 404
    /// as one that is not there. Null, the default, serves all; set it, or guard the endpoint, where thread ids are not secrets.
    /// </summary>
    public Func<HttpContext, string>? Tenant { get; set; }

    /// <summary>Whether a reader stays after the end of a run to see the next. Default false; a request says otherwise by <c>?follow=true</c> or <c>false</c>.</summary>
    public bool Follow { get; set; }

    /// <summary>After how much silence a comment is sent, so that nothing on the way takes the connection for dead. Default 15 s; 100 ms to 10 min.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a browser waits before it comes back. Default 2 s; 0 to 1 h.</summary>
    public TimeSpan Retry { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait for a thread of which nothing is there yet, before the answer is 404. Default none; up to 10 min.</summary>
    public TimeSpan WaitForThread { get; set; }

    /// <summary>Most readers at a time; one more is answered 503. Default 1,000; at least 1.</summary>
    public int MaxReaders { get; set; } = 1000;

    /// <summary>Most bytes that one reader holds of the log. Default 256 KiB, except that one record always fits; 1 KiB to 256 MiB.</summary>
    public int MaxReaderBytes { get; set; } = 256 * 1024;

    /// <summary>Names every value that is out of range, with the range. Empty when all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (Heartbeat < TimeSpan.FromMilliseconds(100) || Heartbeat > TimeSpan.FromMinutes(10))
        {
            yield return $"Heartbeat is {Heartbeat}; it must be 100 ms to 10 min";
        }

        if (Retry < TimeSpan.Zero || Retry > TimeSpan.FromHours(1))
        {
            yield return $"Retry is {Retry}; it must be 0 to 1 h";
        }

        if (WaitForThread < TimeSpan.Zero || WaitForThread > TimeSpan.FromMinutes(10))
        {
            yield return $"WaitForThread is {WaitForThread}; it must be 0 to 10 min";
        }

        if (MaxReaders < 1)
        {
            yield return $"MaxReaders is {MaxReaders}; it must be at least 1";
        }

        if (MaxReaderBytes is < 1024 or > 256 << 20)
        {
            yield return $"MaxReaderBytes is {MaxReaderBytes}; it must be 1 KiB to 256 MiB";
        }
    }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Provider);
        var faults = string.Join("; ", Faults());
        if (faults.Length > 0)
        {
            throw new StreamException(StreamErrorKind.InvalidRequest, $"The AG-UI endpoint cannot be mapped: {faults}.");
        }
    }
}
