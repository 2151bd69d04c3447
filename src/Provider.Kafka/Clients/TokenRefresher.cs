using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>Gets tokens from the application when a client asks for one. Safe for concurrent use.</summary>
internal sealed class TokenRefresher(Func<CancellationToken, ValueTask<KafkaToken>> provider, SecretScrubber scrubber, CancellationToken stop)
{
    /// <summary>Handed to librdkafka, which calls it on a thread that must not wait: the token follows when it is there.</summary>
    public void Refresh(IClient client) => _ = RefreshAsync(client);

    private async Task RefreshAsync(IClient client)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            var token = await provider(stop).ConfigureAwait(false) ?? throw new InvalidOperationException("The token provider returned null.");
            Tell(() => client.OAuthBearerSetToken(token.Value, token.ExpiresAt.ToUnixTimeMilliseconds(), token.Principal));
        }
        catch (Exception e)
        {
            // librdkafka tells it as an authentication error and asks again after ten seconds.
            Tell(() => client.OAuthBearerSetTokenFailure(scrubber.Scrub($"{e.GetType().Name}: {e.Message}")));
        }
    }

    private static void Tell(Action tell)
    {
        try
        {
            tell();
        }
        catch (ObjectDisposedException)
        {
            // The client was closed meanwhile: nobody needs the token any more.
        }
    }
}
