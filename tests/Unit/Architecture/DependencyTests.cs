using System.Reflection;
using DashStream.Providers;

namespace DashStream.Tests.Architecture;

[TestClass]
public sealed class DependencyTests
{
    private static readonly string[] AllowedBelowTheClient =
        ["System", "Microsoft.Extensions", "Google.Protobuf", "Scrutor", "ZstdSharp", "netstandard", "Microsoft.Win32"];

    [TestMethod]
    public void The_client_knows_no_provider_and_only_the_packages_agreed_on()
    {
        var references = typeof(DashStreamProducer).Assembly.GetReferencedAssemblies();

        var unexpected = references.Where(name => !AllowedBelowTheClient.Any(allowed => name.Name!.StartsWith(allowed, StringComparison.Ordinal)));

        Assert.IsEmpty(unexpected.Select(name => name.Name).ToList());
    }

    [TestMethod]
    public void A_provider_knows_the_client_and_no_other_provider()
    {
        foreach (var provider in Providers())
        {
            var ours = provider.GetReferencedAssemblies().Select(name => name.Name!).Where(name => name.StartsWith("DashStream", StringComparison.Ordinal));

            CollectionAssert.AreEqual(new[] { "DashStream.Abstractions" }, ours.ToArray(), provider.GetName().Name);
        }
    }

    [TestMethod]
    public void Only_our_own_tests_see_the_inside_of_the_client()
    {
        var friends = typeof(DashStreamProducer).Assembly.GetCustomAttributes<System.Runtime.CompilerServices.InternalsVisibleToAttribute>();

        CollectionAssert.AreEquivalent(new[] { "DashStream.Tests", "DashStream.Faults" }, friends.Select(friend => friend.AssemblyName).ToArray());
    }

    [TestMethod]
    public void Every_class_that_is_not_generated_is_sealed_or_meant_to_be_derived_from()
    {
        Type[] meantToBeDerivedFrom = [typeof(StreamException), typeof(DashStream.Stores.LogProviderOptions)];

        var open = typeof(DashStreamProducer).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false } && type.Namespace?.StartsWith("DashStream", StringComparison.Ordinal) == true)
            .Where(type => type.Namespace != "DashStream.Protocol" && !type.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute), false))
            .Except(meantToBeDerivedFrom);

        Assert.IsEmpty(open.Select(type => type.FullName).ToList());
    }

    private static IEnumerable<Assembly> Providers() =>
        [typeof(MemoryProvider).Assembly, typeof(FileProvider).Assembly, typeof(SqliteProvider).Assembly, typeof(RedisProvider).Assembly];
}
