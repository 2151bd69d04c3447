namespace DashStream.Conformance.Redis;

/// <summary>Somebody in the server's access list.</summary>
/// <param name="Name">The name.</param>
/// <param name="Password">The password, which must not turn up in any text.</param>
/// <param name="Rules">What is allowed, in the words of ACL SETUSER.</param>
internal sealed record RedisUser(string Name, string Password, string Rules)
{
    /// <summary>May do everything.</summary>
    public static RedisUser Alice { get; } = new(TestCertificates.ClientName, "alice-secret-3f9c", "~* &* +@all");

    /// <summary>May read and write nothing.</summary>
    public static RedisUser Bob { get; } = new("bob", "bob-secret-b04e", "resetkeys resetchannels +@connection +info +cluster +config|get");
}
