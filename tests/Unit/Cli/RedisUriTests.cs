using DashStream.Cli;
using DashStream.Providers;

namespace DashStream.Tests.Cli;

[TestClass]
public sealed class RedisUriTests
{
    [TestMethod]
    [DataRow("//one:6379", "one:6379", 0, null, null)]
    [DataRow("//one:6379/", "one:6379", 0, null, null)]
    [DataRow("//one,two:7000/3", "one,two:7000", 3, null, null)]
    [DataRow("//[::1]:6379", "[::1]:6379", 0, null, null)]
    [DataRow("//alice:p%40ss%3Aword@one:6379/2", "one:6379", 2, "alice", "p@ss:word")]
    [DataRow("//:secret@one", "one", 0, null, "secret")]
    public void Server_login_and_database_are_those_of_the_uri(string place, string endpoints, int database, string? user, string? password)
    {
        Assert.IsNull(ProviderFactory.FaultOf($"redis:{place}"));

        var connection = RedisUri.OptionsOf("redis", place, _ => null).Connection;

        Assert.AreEqual(endpoints, connection.Endpoints);
        Assert.AreEqual(database, connection.Database);
        Assert.AreEqual(user, connection.User);
        Assert.AreEqual(password, connection.Password);
        Assert.IsFalse(connection.Tls);
    }

    [TestMethod]
    [DataRow("redis://")]
    [DataRow("redis://user-without-password-secret@one")]
    [DataRow("redis://a:secret@one:port")]
    [DataRow("redis://a:secret@one:0")]
    [DataRow("redis://a:secret@one/first")]
    [DataRow("rediss://a:secret@/1")]
    public void What_cannot_be_used_is_refused_without_repeating_it(string uri)
    {
        var fault = ProviderFactory.FaultOf(uri);

        Assert.IsNotNull(fault);
        Assert.DoesNotContain("secret", fault);
        StringAssert.Contains(fault, "redis");
    }

    [TestMethod]
    public void What_the_uri_does_not_say_comes_from_the_environment()
    {
        var environment = new Dictionary<string, string> { ["REDIS_USERNAME"] = "bob", ["REDIS_PASSWORD"] = "hidden" };

        var connection = RedisUri.OptionsOf("rediss", "//one", environment.GetValueOrDefault).Connection;

        Assert.AreEqual("bob", connection.User);
        Assert.AreEqual("hidden", connection.Password);
        Assert.IsTrue(connection.Tls);
    }

    [TestMethod]
    public void The_environment_does_not_change_what_the_uri_says()
    {
        var connection = RedisUri.OptionsOf("redis", "//alice:own@one", _ => "other").Connection;

        Assert.AreEqual("alice", connection.User);
        Assert.AreEqual("own", connection.Password);
    }

    [TestMethod]
    public void A_variable_that_cannot_be_used_is_named() =>
        StringAssert.Contains(
            Assert.Throws<UsageException>(() => RedisUri.OptionsOf("rediss", "//one", name => name == "REDIS_TLS_CA" ? "/missing.pem" : null)).Message,
            nameof(RedisConnectionOptions.TlsCaFile));
}
