namespace DashStream.Conformance.Providers;

/// <summary>Memory stands in for the others in tests, so it must answer as they do: right calls and wrong ones.</summary>
[TestClass]
public sealed class AnswerTests
{
    public static IEnumerable<object[]> Others =>
        SuiteCheck.FixturesOf(typeof(AnswerTests).Assembly).Where(fixture => fixture != typeof(MemoryFixture)).Select(fixture => new object[] { fixture.Name });

    [TestMethod]
    [DynamicData(nameof(Others))]
    public async Task Memory_answers_as_the_others_do(string fixture)
    {
        var memory = await AnswersOfAsync(nameof(MemoryFixture));

        var other = await AnswersOfAsync(fixture);

        Assert.AreEqual(string.Join(Environment.NewLine, memory), string.Join(Environment.NewLine, other));
        Assert.IsGreaterThan(80, memory.Count);
    }

    private static async Task<IReadOnlyList<string>> AnswersOfAsync(string fixture)
    {
        var type = SuiteCheck.FixturesOf(typeof(AnswerTests).Assembly).Single(type => type.Name == fixture);
        var folder = Directory.CreateTempSubdirectory("dashstream-conformance-");
        try
        {
            var opener = (ConformanceFixture)Activator.CreateInstance(type)!;
            return await AnswerScript.RunAsync(await opener.OpenProviderAsync(new ProviderSetup(folder.FullName, CreateMissingTopics: true)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
