namespace DashStream.Conformance.Kafka;

/// <summary>Cases that take minutes of broker time run when asked for.</summary>
internal static class Deep
{
    public static void Require()
    {
        if (Environment.GetEnvironmentVariable("DASHSTREAM_DEEP") != "1")
        {
            Assert.Inconclusive("This case takes minutes of broker time; run ./build.sh test --deep.");
        }
    }
}
