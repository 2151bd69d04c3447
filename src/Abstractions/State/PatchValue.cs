namespace DashStream.State;

/// <summary>The value of an operation, read under the limits.</summary>
internal static class PatchValue
{
    public static JsonIndex Read(StateOperation operation, int number, StateOptions options)
    {
        if (operation.Value.IsEmpty)
        {
            throw new StatePatchException(StreamErrorKind.InvalidRequest, "it has no value", number, operation.Path);
        }

        try
        {
            return JsonIndex.Of(operation.Value, new JsonReadLimits("The value", options.MaxPatchBytes, options.MaxDepth));
        }
        catch (StreamException e)
        {
            throw new StatePatchException(e.Kind, "its value was refused. " + e.Message.TrimEnd('.'), number, operation.Path, e);
        }
    }
}
