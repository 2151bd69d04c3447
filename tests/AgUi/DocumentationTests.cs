using DashStream.Providers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DashStream.AgUi.Tests;

/// <summary>The code of docs/ag-ui.md.</summary>
[TestClass]
public sealed class DocumentationTests
{
    [TestMethod]
    public async Task The_page_about_AG_UI_does_what_it_says()
    {
        var folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            await ServeAsync(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task ServeAsync(string folder)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddDashStream().UseFile(folder);
        await using var app = builder.Build();
        app.MapDashStreamAgUi("/runs/{thread}", "runs");
        app.MapPost("/record", async (HttpRequest request, DashStreamClient client) =>
        {
            await client.Provider.Admin.CreateTopicAsync(new TopicSpec("runs"));
            var producer = await client.GetProducerAsync("runs");
            return await new AgUiRecorder().RecordAsync(producer, AgUiReader.ReadAsync(request.Body));
        });
        await app.StartAsync();

        var bytes = """
            {"type":"RUN_STARTED","threadId":"conversation-7","runId":"r"}
            {"type":"RUN_FINISHED","threadId":"conversation-7","runId":"r"}
            """u8.ToArray();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var body = new ByteArrayContent(bytes);
        using var recorded = await http.PostAsync("/record", body);
        Assert.AreEqual("2", await recorded.Content.ReadAsStringAsync());
        StringAssert.Contains(await http.GetStringAsync("/runs/conversation-7"), "RUN_FINISHED");
        using var response = await http.GetAsync("/runs/conversation-7", HttpCompletionOption.ResponseHeadersRead);
        IReadOnlyList<AgUiFinding> findings = await AgUiResponse.CheckAsync(response);
        Assert.DoesNotContain(finding => finding.Severity == AgUiSeverity.Error, findings);
        AgUiValidator.ThrowIfInvalid(bytes);
        foreach (var finding in AgUiValidator.CheckStream(bytes, new AgUiValidatorOptions { Strictness = AgUiStrictness.Recorded }))
        {
            StringAssert.StartsWith(finding.ToString(), "Notice AGUI902 at event 2");
        }

    }
}
