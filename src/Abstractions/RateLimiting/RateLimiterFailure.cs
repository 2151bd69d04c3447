namespace DashStream;

/// <summary>What a producer does when its rate limiter cannot decide, such as when the server behind it is down.</summary>
public enum RateLimiterFailure
{
    /// <summary>The send is refused with <see cref="StreamErrorKind.Transient"/>: no limit is ever passed. It works again as soon as the limiter does.</summary>
    Closed,

    /// <summary>The send goes on without a permit: no message is held up. Each is counted.</summary>
    Open,
}
