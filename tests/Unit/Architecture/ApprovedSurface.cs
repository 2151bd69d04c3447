using System.Reflection;

namespace DashStream.Tests.Architecture;

/// <summary>
/// Compares a public surface with the reviewed text in eng/api. To accept a change, run the test with DASHSTREAM_APPROVE_API=1, read the diff, commit it.
/// </summary>
internal static class ApprovedSurface
{
    public static void AssertIsThatOf(Assembly assembly)
    {
        var file = Path.Combine(Folder(), $"{assembly.GetName().Name}.txt");
        var actual = ApiText.Of(assembly);
        if (Environment.GetEnvironmentVariable("DASHSTREAM_APPROVE_API") == "1")
        {
            File.WriteAllText(file, actual);
        }

        Assert.IsTrue(File.Exists(file), $"eng/api/{Path.GetFileName(file)} is missing: run with DASHSTREAM_APPROVE_API=1 and commit it.");
        Assert.AreEqual(File.ReadAllText(file), actual, $"The public surface of {assembly.GetName().Name} changed: run with DASHSTREAM_APPROVE_API=1 and read the diff.");
    }

    private static string Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var api = Path.Combine(folder.FullName, "eng", "api");
            if (Directory.Exists(api))
            {
                return api;
            }
        }

        throw new DirectoryNotFoundException($"eng/api was not found above {AppContext.BaseDirectory}.");
    }
}
