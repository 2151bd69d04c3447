namespace DashStream.Providers;

/// <summary>What the server does, each in one step that nothing comes between.</summary>
internal static class LimiterScripts
{
    /// <summary>Refused: the permits will not be there in time.</summary>
    public const long TooLate = -1;

    /// <summary>Refused: the cost is above the burst.</summary>
    public const long AboveBurst = -2;

    public static readonly RedisScript Take = RedisScript.Load("limit-bucket", "limit-take");

    public static readonly RedisScript SetLimit = RedisScript.Load("limit-bucket", "limit-set");
}
