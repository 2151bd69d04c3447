using Microsoft.Extensions.Hosting;

namespace DashStream.Runs;

/// <summary>Makes the recording listen when the host starts. The container ends it.</summary>
internal sealed class GenAiRecordingStart(Func<GenAiRecording> make) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        make();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
