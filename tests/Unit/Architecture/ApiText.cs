using System.Reflection;

namespace DashStream.Tests.Architecture;

/// <summary>The public surface of an assembly as lines of text that a review can read.</summary>
internal static class ApiText
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Of(Assembly assembly) => string.Concat(assembly.GetExportedTypes()
        .Where(type => type.Namespace != "DashStream.Protocol")
        .OrderBy(type => type.FullName, StringComparer.Ordinal)
        .SelectMany(Lines).Select(line => line + "\n"));

    private static IEnumerable<string> Lines(Type type)
    {
        yield return $"{Kind(type)} {Name(type)}{Bases(type)}";
        foreach (var member in Members(type).Order(StringComparer.Ordinal))
        {
            yield return "    " + member;
        }
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), null)}");
        }

        var constructors = type.GetConstructors(Declared).Where(IsVisible).Select(method => $"new({Parameters(method)})");
        var methods = type.GetMethods(Declared).Where(IsVisible)
            .Where(method => !method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))
            .Where(method => !method.Name.Contains('<', StringComparison.Ordinal))
            .Select(method => $"{Modifier(method)}{Name(method.ReturnType)} {method.Name}{Generic(method)}({Parameters(method)})");
        var properties = type.GetProperties(Declared)
            .Where(property => property.GetAccessors(nonPublic: true).Any(IsVisible))
            .Select(property => $"{Modifier(property.GetAccessors(nonPublic: true)[0])}{Name(property.PropertyType)} {property.Name} {{ {Accessors(property)}}}");
        var fields = type.GetFields(Declared).Where(field => field.IsPublic).Select(field => $"{Name(field.FieldType)} {field.Name}");
        return constructors.Concat(methods).Concat(properties).Concat(fields);
    }

    private static string Accessors(PropertyInfo property) =>
        (property.GetMethod is { } get && IsVisible(get) ? "get; " : "") + (property.SetMethod is { } set && IsVisible(set) ? $"{(IsInit(set) ? "init" : "set")}; " : "");

    private static bool IsInit(MethodInfo set) =>
        set.ReturnParameter.GetRequiredCustomModifiers().Any(modifier => modifier.Name == "IsExternalInit");

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Modifier(MethodInfo method) =>
        method.IsStatic ? "static " : method is { IsAbstract: true, DeclaringType.IsInterface: false } ? "abstract " : "";

    private static string Generic(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "")}"));

    private static string Kind(Type type) =>
        type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : type is { IsAbstract: true, IsSealed: true } ? "static class"
        : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";

    private static string Bases(Type type)
    {
        var bases = type.GetInterfaces().Select(Name).Order(StringComparer.Ordinal).ToList();
        if (type is { IsClass: true, BaseType: { } parent } && parent != typeof(object))
        {
            bases.Insert(0, Name(parent));
        }

        return type.IsEnum || bases.Count == 0 ? "" : " : " + string.Join(", ", bases);
    }

    private static string Name(Type type)
    {
        if (type.IsGenericParameter || type.IsByRef || type.IsArray)
        {
            return type.IsByRef ? $"ref {Name(type.GetElementType()!)}" : type.IsArray ? $"{Name(type.GetElementType()!)}[]" : type.Name;
        }

        var name = type.IsNested ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Namespace?.StartsWith("DashStream", StringComparison.Ordinal) == true ? type.FullName ?? type.Name : type.Name;
        var tick = name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? name : $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
