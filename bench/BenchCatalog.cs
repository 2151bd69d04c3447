namespace DashStream.Bench;

/// <summary>The cases of this program, found by their interface.</summary>
internal static class BenchCatalog
{
    /// <summary>Every case whose name contains the filter, upper and lower case alike, by name. The caller disposes them.</summary>
    public static IReadOnlyList<IBenchCase> Find(string filter) =>
    [
        .. typeof(BenchCatalog).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IBenchCase)))
            .Select(type => (IBenchCase)Activator.CreateInstance(type)!)
            .Where(@case => @case.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))
            .OrderBy(@case => @case.Name, StringComparer.Ordinal),
    ];
}
