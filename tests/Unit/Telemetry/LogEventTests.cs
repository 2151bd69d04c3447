using System.Reflection;
using DashStream.Providers;
using Microsoft.Extensions.Logging;

namespace DashStream.Tests.Telemetry;

[TestClass]
public sealed class LogEventTests
{
    // What may carry what users send. Keys, names, numbers, sizes and errors are told; bodies and headers never.
    private static readonly Type[] Payloads =
        [typeof(byte[]), typeof(ReadOnlyMemory<byte>), typeof(StreamRecord), typeof(StreamHeaders), typeof(ReceivedMessage), typeof(Google.Protobuf.IMessage)];

    [TestMethod]
    public void Every_log_event_has_a_number_of_its_own()
    {
        var events = Events().Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()!.EventId).ToList();

        Assert.IsTrue(events.All(number => number > 0));
        Assert.IsEmpty(events.GroupBy(number => number).Where(group => group.Count() > 1).Select(group => group.Key).ToList());
    }

    [TestMethod]
    public void No_log_event_takes_a_payload()
    {
        var taking = Events().Where(method => method.GetParameters().Any(parameter => Payloads.Any(type => type.IsAssignableFrom(parameter.ParameterType))));

        Assert.IsEmpty(taking.Select(method => method.Name).ToList());
    }

    [TestMethod]
    public void Numbers_of_the_client_and_of_each_provider_are_apart()
    {
        var homes = Events().GroupBy(method => method.GetCustomAttribute<LoggerMessageAttribute>()!.EventId / 100)
            .Where(group => group.Select(method => method.Module.Assembly).Distinct().Count() > 1);

        Assert.IsEmpty(homes.Select(group => group.Key).ToList());
    }

    private static List<MethodInfo> Events()
    {
        Assembly[] assemblies =
        [
            typeof(DashStreamProducer).Assembly, typeof(MemoryProvider).Assembly, typeof(FileProvider).Assembly, typeof(SqliteProvider).Assembly,
            typeof(KafkaProvider).Assembly, typeof(DashStream.Analysis.ChatRunReader).Assembly,
        ];
        var events = assemblies.SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(method => method.IsDefined(typeof(LoggerMessageAttribute), inherit: false)).ToList();
        Assert.IsGreaterThan(10, events.Count);
        return events;
    }
}
