using DashStream.Providers;

namespace DashStream.Conformance.Redis.Unit;

[TestClass]
public sealed class RedisErrorsTests
{
    [TestMethod]
    [DataRow("NOAUTH Authentication required.", StreamErrorKind.Unauthorized)]
    [DataRow("WRONGPASS invalid username-password pair", StreamErrorKind.Unauthorized)]
    [DataRow("NOPERM this user has no permissions", StreamErrorKind.Unauthorized)]
    [DataRow("WRONGTYPE Operation against a key", StreamErrorKind.Incompatible)]
    [DataRow("OOM command not allowed", StreamErrorKind.Full)]
    [DataRow("MISCONF Redis is configured to save", StreamErrorKind.Full)]
    [DataRow("READONLY You can't write against a read only replica.", StreamErrorKind.Transient)]
    [DataRow("LOADING Redis is loading the dataset in memory", StreamErrorKind.Transient)]
    [DataRow("MOVED 3999 127.0.0.1:6381", StreamErrorKind.Transient)]
    [DataRow("CLUSTERDOWN The cluster is down", StreamErrorKind.Transient)]
    [DataRow("BUSY Redis is busy running a script", StreamErrorKind.Transient)]
    [DataRow("NOREPLICAS Not enough good replicas to write.", StreamErrorKind.Transient)]
    [DataRow("DSNOTFOUND no such topic", StreamErrorKind.NotFound)]
    [DataRow("ERR unknown command", StreamErrorKind.Fatal)]
    [DataRow("ERR the text says OOM and NOAUTH", StreamErrorKind.Fatal)]
    [DataRow("Endpoint 127.0.0.1:1 serving hashslot 7 is not reachable", StreamErrorKind.Transient)]
    public void The_word_at_the_start_of_a_reply_decides(string reply, StreamErrorKind kind) =>
        Assert.AreEqual(kind, RedisErrors.MapReply(reply, new RedisConnectionOptions()).Kind);

    [TestMethod]
    public void An_error_names_server_database_and_user_and_no_password()
    {
        var options = new RedisConnectionOptions { Endpoints = "one:7000, two", Database = 3, User = "alice", Password = "hidden-0b1c", Tls = true };

        var message = RedisErrors.MapReply("NOAUTH", options).Message;

        Assert.Contains("rediss://alice@one:7000,two/3", message);
        Assert.DoesNotContain("hidden-0b1c", message);
    }
}
