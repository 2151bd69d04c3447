using System.Runtime.InteropServices;

namespace DashStream.Conformance.Kafka;

/// <summary>librdkafka's mock cluster with answers that are wrong on demand. What those do to the client may end the process: to be used in a process of its own.</summary>
internal sealed class MisledMock : IDisposable
{
    private const string Library = "librdkafka";
    private const int TextBytes = 512;
    private const int Producer = 0;
    private const short OffsetFetch = 9;
    private const int NotCoordinator = 16;

    private readonly nint _host;
    private readonly nint _cluster;

    public MisledMock()
    {
        var text = new byte[TextBytes];
        var config = rd_kafka_conf_new();
        Require(rd_kafka_conf_set(config, Text("test.mock.num.brokers"), Text("1"), text, TextBytes) == 0);
        Require(rd_kafka_conf_set(config, Text("log_level"), Text("3"), text, TextBytes) == 0);
        _host = rd_kafka_new(Producer, config, text, TextBytes);
        Require(_host != 0);
        _cluster = rd_kafka_handle_mock_cluster(_host);
        Require(_cluster != 0);
    }

    /// <summary>Where it listens.</summary>
    public string Servers => Marshal.PtrToStringUTF8(rd_kafka_mock_cluster_bootstraps(_cluster))!;

    /// <summary>The next requests for commits of groups are answered: not my group.</summary>
    public void DisownCommits(int requests) =>
        rd_kafka_mock_push_request_errors_array(_cluster, OffsetFetch, requests, [.. Enumerable.Repeat(NotCoordinator, requests)]);

    public void Dispose() => rd_kafka_destroy(_host);

    private static byte[] Text(string text) => [.. System.Text.Encoding.UTF8.GetBytes(text), 0];

    private static void Require(bool isSo)
    {
        if (!isSo)
        {
            throw new InvalidOperationException("The mock cluster of librdkafka did not start.");
        }
    }

    [DllImport(Library)]
    private static extern nint rd_kafka_conf_new();

    [DllImport(Library)]
    private static extern int rd_kafka_conf_set(nint config, byte[] name, byte[] value, byte[] error, nint errorBytes);

    [DllImport(Library)]
    private static extern nint rd_kafka_new(int type, nint config, byte[] error, nint errorBytes);

    [DllImport(Library)]
    private static extern void rd_kafka_destroy(nint client);

    [DllImport(Library)]
    private static extern nint rd_kafka_handle_mock_cluster(nint client);

    [DllImport(Library)]
    private static extern nint rd_kafka_mock_cluster_bootstraps(nint cluster);

    [DllImport(Library)]
    private static extern void rd_kafka_mock_push_request_errors_array(nint cluster, short request, nint count, int[] errors);
}
