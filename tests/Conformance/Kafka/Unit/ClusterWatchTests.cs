using Confluent.Kafka;
using DashStream.Providers;
using Microsoft.Extensions.Logging.Abstractions;

namespace DashStream.Conformance.Kafka;

/// <summary>What is remembered of the errors that librdkafka tells aside.</summary>
[TestClass]
public sealed class ClusterWatchTests
{
    [TestMethod]
    public void A_fatal_error_is_remembered_for_good()
    {
        var watch = Watch();

        watch.OnError(new Error(ErrorCode.OutOfOrderSequenceNumber, "A gap.", isFatal: true));
        watch.Answered();

        Assert.AreEqual(ErrorCode.OutOfOrderSequenceNumber, watch.Fatal?.Code);
    }

    [TestMethod]
    public void A_fenced_member_is_no_fatal_error_of_the_provider()
    {
        var watch = Watch();

        watch.OnError(new Error(ErrorCode.FencedInstanceId, "Another one.", isFatal: true));

        Assert.IsNull(watch.Fatal);
        StringAssert.Contains(watch.LastTrouble, "FencedInstanceId");
    }

    [TestMethod]
    public void Trouble_is_remembered_without_secrets_until_the_brokers_answer()
    {
        var watch = Watch(new KafkaProviderOptions { Settings = { ["sasl.password"] = "hunter2" } });

        watch.OnError(new Error(ErrorCode.Local_Transport, "Refused with hunter2."));
        Assert.AreEqual("Local_Transport: Refused with ***.", watch.LastTrouble);
        watch.Answered();

        Assert.IsNull(watch.LastTrouble);
    }

    [TestMethod]
    [DataRow(ErrorCode.Local_Authentication, false, true)]
    [DataRow(ErrorCode.SaslAuthenticationFailed, true, true)]
    [DataRow(ErrorCode.Local_Ssl, false, true)]
    [DataRow(ErrorCode.Local_Ssl, true, false)]
    [DataRow(ErrorCode.Local_Transport, false, false)]
    [DataRow(ErrorCode.Local_AllBrokersDown, false, false)]
    public void Refused_credentials_are_told_at_once(ErrorCode code, bool answered, bool refused)
    {
        var watch = Watch();
        if (answered)
        {
            watch.Answered();
        }

        watch.OnError(new Error(code, "No."));

        Assert.AreEqual(refused, watch.Refused.IsCompleted);
        watch.Answered();
        Assert.IsFalse(watch.Refused.IsCompleted);
    }

    [TestMethod]
    public void The_same_trouble_is_not_logged_over_and_over()
    {
        using var log = new LogLines();
        var watch = new ClusterWatch("a:1", new SecretScrubber(new KafkaProviderOptions()), probe: null, TimeProvider.System, log);

        for (var i = 0; i < 100; i++)
        {
            watch.OnError(new Error(ErrorCode.Local_Transport, "Refused."));
            watch.OnError(new Error(ErrorCode.Local_AllBrokersDown, "All."));
        }

        Assert.HasCount(2, log.Lines);
    }

    [TestMethod]
    public void Log_lines_are_scrubbed()
    {
        using var log = new LogLines();
        var watch = new ClusterWatch(
            "a:1", new SecretScrubber(new KafkaProviderOptions { Security = { Password = "hunter2" } }), probe: null, TimeProvider.System, log);

        watch.OnLog(new LogMessage("client-1", SyslogLevel.Error, "FAIL", "user u with hunter2"));

        StringAssert.Contains(log.Lines.Single(), "Error 401 librdkafka (FAIL): user u with ***");
    }

    [TestMethod]
    public void Secrets_that_a_hook_sets_are_secrets_too()
    {
        var scrubber = new SecretScrubber(new KafkaProviderOptions());

        scrubber.Learn(new ClientConfig { SslKeyPem = "hunter3", ClientId = "me" });

        Assert.AreEqual("*** me", scrubber.Scrub("hunter3 me"));
        Assert.IsNull(scrubber.Keep(new InvalidOperationException("hunter3")));
    }

    private static ClusterWatch Watch(KafkaProviderOptions? options = null) =>
        new("a:1", new SecretScrubber(options ?? new KafkaProviderOptions()), probe: null, TimeProvider.System, NullLogger.Instance);
}
