namespace DashStream.Conformance;

/// <summary>What the cases assert again and again.</summary>
internal static class Expect
{
    /// <summary>The call fails with a <see cref="StreamException"/> of that kind and a message for people.</summary>
    public static async Task<StreamException> RefusalAsync(StreamErrorKind kind, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<StreamException>(call, $"The call was to be refused as {kind}.");
        Assert.AreEqual(kind, error.Kind, error.Message);
        Assert.IsFalse(string.IsNullOrWhiteSpace(error.Message), "A refusal says what is wrong.");
        return error;
    }

    /// <summary>The call ends with a cancellation, in time.</summary>
    public static async Task CancellationAsync(Func<Task> call) =>
        await Assert.ThrowsAsync<OperationCanceledException>(
            async () =>
            {
                var task = call();
                await Waits.EndsAsync(task, "a cancelled call ends");
                await task;
            },
            "A cancelled call was to end as cancelled.");

    /// <summary>Key, value, null-ness, headers in order, and time in the provider's resolution are the same.</summary>
    public static void Same(StreamRecord expected, StreamRecord actual, ProviderCapabilities capabilities)
    {
        SameBytes(expected.Key, actual.Key, "key");
        Assert.AreEqual(expected.Value is null, actual.Value is null, "Null and empty values are different things.");
        SameBytes(expected.Value ?? default, actual.Value ?? default, "value");
        SameHeaders(expected.Headers, actual.Headers);
        if (expected.TimestampUs != 0)
        {
            var step = capabilities.TimestampResolutionUs;
            Assert.AreEqual(expected.TimestampUs / step, actual.TimestampUs / step, $"The time, in steps of {step} us, was to be kept.");
        }
    }

    /// <summary>The same headers in the same order.</summary>
    public static void SameHeaders(StreamHeaders expected, StreamHeaders actual)
    {
        CollectionAssert.AreEqual(expected.Select(header => header.Name).ToArray(), actual.Select(header => header.Name).ToArray(), "Header names.");
        for (var i = 0; i < expected.Count; i++)
        {
            SameBytes(expected[i].Value, actual[i].Value, $"header {i} ({expected[i].Name})");
        }
    }

    /// <summary>The same bytes.</summary>
    public static void SameBytes(ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> actual, string what)
    {
        if (!expected.Span.SequenceEqual(actual.Span))
        {
            Assert.Fail($"The {what} changed: {Shown(expected)} was sent, {Shown(actual)} came back.");
        }
    }

    /// <summary>Numbers <paramref name="from"/>, <paramref name="from"/> + 1, ..., in this order.</summary>
    public static void Sequence(int from, int count, IEnumerable<StreamRecord> records) =>
        CollectionAssert.AreEqual(Enumerable.Range(from, count).ToArray(), Sample.NumbersOf(records).ToArray(), "The numbers that came back, in order.");

    /// <summary>Numbers 0 to <paramref name="count"/> - 1, each once, in any order.</summary>
    public static void EachOnce(int count, IEnumerable<StreamRecord> records) =>
        CollectionAssert.AreEqual(Enumerable.Range(0, count).ToArray(), Sample.NumbersOf(records).Order().ToArray(), "Every number was to come once.");

    /// <summary>These partitions, in this order.</summary>
    public static void Partitions(IEnumerable<int> actual, params int[] expected) => CollectionAssert.AreEqual(expected, actual.ToArray(), "Partitions.");

    private static string Shown(ReadOnlyMemory<byte> bytes)
    {
        const int most = 32;
        return $"{Convert.ToHexString(bytes.Span[..Math.Min(most, bytes.Length)])}{(bytes.Length > most ? "..." : "")} ({bytes.Length} bytes)";
    }
}
