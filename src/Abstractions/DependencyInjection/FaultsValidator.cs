using Microsoft.Extensions.Options;

namespace DashStream;

/// <summary>Turns an options class's own list of faults into the host's start-up error.</summary>
internal sealed class FaultsValidator<TOptions>(string name, Func<TOptions, IEnumerable<string>> faults) : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? optionsName, TOptions options)
    {
        if (optionsName != name)
        {
            return ValidateOptionsResult.Skip;
        }

        var found = faults(options).ToList();
        return found.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(found.Select(fault => $"{Where}: {fault}."));
    }

    private string Where => name.Length == 0 ? typeof(TOptions).Name : $"{typeof(TOptions).Name} of stream '{name}'";
}
