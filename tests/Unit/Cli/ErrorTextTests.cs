using DashStream.Cli;
using DashStream.Cli.Output;

namespace DashStream.Tests.Cli;

[TestClass]
public sealed class ErrorTextTests
{
    [TestMethod]
    public void An_error_is_told_with_its_causes_and_points_to_what_is_shown()
    {
        var error = new StreamException(StreamErrorKind.Fatal, "the client failed; see the inner exception.",
            new AggregateException(new IOException("the disk\nis full"), new TimeoutException("too late", new InvalidOperationException("deep"))));

        string[] lines = [.. ErrorText.Lines(error)];

        Assert.AreEqual("error: the client failed; see the cause.", lines[0]);
        Assert.Contains("  cause: IOException: the disk is full", lines);
        Assert.Contains("  cause: TimeoutException: too late", lines);
        Assert.Contains("  cause: InvalidOperationException: deep", lines);
    }

    [TestMethod]
    public void A_cause_in_the_same_words_is_told_once_and_a_long_chain_has_an_end()
    {
        Exception error = new IOException("the root");
        for (var i = 0; i < 20; i++)
        {
            error = new IOException($"layer {i};", error);
        }

        Assert.AreEqual("no store: it is locked", ErrorText.InOneLine(new IOException("no store: it is locked", new IOException("it is locked"))));
        Assert.HasCount(6, ErrorText.Lines(error).ToList());
    }

    [TestMethod]
    public async Task A_server_that_cannot_be_reached_is_told_with_what_the_system_said_of_it()
    {
        await using var tool = new ToolSession(_ => null);

        var result = await tool.RunAsync("topics", "redis://alice:hunter2@127.0.0.1:1");

        Assert.AreEqual(ExitCodes.Failure, result.Code);
        Assert.Contains("127.0.0.1:1", result.Err);
        Assert.Contains("cause: ", result.Err);
        Assert.DoesNotContain("hunter2", result.Err);
        Assert.DoesNotContain("inner exception", result.Err);
    }

    [TestMethod]
    public async Task A_store_that_cannot_be_made_is_told_with_what_the_system_said_of_it()
    {
        var file = Path.GetTempFileName();
        var runs = TestRuns.Write(Directory.CreateTempSubdirectory("dashstream-errors-").FullName, 1);
        await using var tool = new ToolSession(_ => null);

        var result = await tool.RunAsync("import", runs, "--to", $"sqlite:{file}/folder/runs.db", "--topic", "runs");

        File.Delete(file);
        Directory.Delete(Path.GetDirectoryName(runs)!, recursive: true);
        Assert.AreEqual(ExitCodes.Failure, result.Code);
        Assert.Contains("cause: DirectoryNotFoundException", result.Err);
        Assert.DoesNotContain("inner exception", result.Err);
    }
}
