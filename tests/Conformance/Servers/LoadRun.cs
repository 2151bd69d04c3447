namespace DashStream.Conformance.Servers;

/// <summary>A producer and a consumer at work while something happens to the servers.</summary>
internal static class LoadRun
{
    public const int Keys = 100;

    private const string Group = "load";

    /// <summary>Far longer than any trouble that a test makes.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(4);

    /// <summary>Sends and reads so many records of a topic that exists; <paramref name="trouble"/> is called with the number of each thousand before it is sent.</summary>
    /// <param name="provider">Under test.</param>
    /// <param name="observer">Opens another provider, which says at the end where the group stands.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="records">How many.</param>
    /// <param name="trouble">Makes trouble, or does nothing.</param>
    /// <param name="numberOf">As <see cref="LoadAccount"/> takes it.</param>
    public static async Task AssertCostsNothingAsync(
        IStreamProvider provider, Func<IStreamProvider> observer, string topic, int records, Func<int, Task> trouble, Func<UInt128, UInt128>? numberOf = null)
    {
        var account = new LoadAccount(records, Keys, numberOf);
        await using var producer = await provider.OpenProducerAsync(topic);
        await using var consumer = await provider.OpenConsumerAsync(topic, new StreamConsumerOptions { Group = Group });
        using var stop = new CancellationTokenSource(Limit);

        var reading = account.ReadAsync(consumer, stop.Token);
        await account.SendAllAsync(producer, trouble);
        await reading;
        var receipt = await producer.FlushAsync();

        Console.WriteLine(account);
        await using var other = observer();
        await account.AssertWholeAsync(other, topic, Group);
        Assert.AreEqual(new FlushReceipt(records, 0, 0), receipt);
    }

    /// <summary>The first thousand at or behind a share of the records.</summary>
    public static int At(int records, int parts, int of) => records * parts / of / 1_000 * 1_000;
}
