using System.Runtime;
using System.Runtime.InteropServices;

namespace DashStream.Bench;

/// <summary>What a reader of the results has to know about the machine.</summary>
internal sealed record Machine(int Cores, string Processor, double MemoryGiB, string Os, string Architecture, string Runtime, bool ServerGc)
{
    private const string CpuInfo = "/proc/cpuinfo";
    private const double BytesPerGiB = 1024 * 1024 * 1024;

    public static Machine This() => new(
        Environment.ProcessorCount,
        ProcessorName(),
        Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / BytesPerGiB, 1),
        RuntimeInformation.OSDescription,
        RuntimeInformation.ProcessArchitecture.ToString(),
        RuntimeInformation.FrameworkDescription,
        GCSettings.IsServerGC);

    private static string ProcessorName()
    {
        var line = File.Exists(CpuInfo)
            ? File.ReadLines(CpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line is null ? "unknown" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
