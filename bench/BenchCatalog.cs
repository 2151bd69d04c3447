namespace DashStream.Bench;

/// <summary>The cases of this program, found by their interface.</summary>
internal static class BenchCatalog
{
    /// <summary>Every case whose name contains the filter, upper and lower case alike, by name. The caller disposes them.</summary>
    public static IReadOnlyList<IBenchCase> Find(string filter) => Find<IBenchCase>(filter, static @case => @case.Name);

    /// <summary>The same for those that are no comparison.</summary>
    /// <param name="filter">Part of a name.</param>
    /// <param name="withLong">Whether those that take minutes are wanted, too.</param>
    public static IReadOnlyList<IFigureCase> FindFigures(string filter, bool withLong) =>
        [.. Find<IFigureCase>(filter, static @case => @case.Name).Where(@case => withLong || !@case.IsLong)];

    private static TCase[] Find<TCase>(string filter, Func<TCase, string> name) =>
    [
        .. typeof(BenchCatalog).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(TCase)))
            .Select(type => (TCase)Activator.CreateInstance(type)!)
            .Where(@case => name(@case).Contains(filter, StringComparison.OrdinalIgnoreCase))
            .OrderBy(name, StringComparer.Ordinal),
    ];
}
