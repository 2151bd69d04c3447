namespace DashStream.Conformance.Redis;

/// <summary>The server's answer to a <see cref="RedisSession"/> is an error.</summary>
internal sealed class RedisAnswerException(string answer) : Exception(answer)
{
    /// <summary>The first word, such as ERR, WRONGTYPE or MOVED.</summary>
    public string Code { get; } = answer.Split(' ')[0];
}
