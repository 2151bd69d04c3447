using System.Text;

namespace DashStream.State;

/// <summary>Patches as JSON text.</summary>
internal static class PatchText
{
    // The array and the operation around a value.
    private const int OuterLevels = 2;
    private const int FirstText = 256;

    private static readonly string[] Names = ["add", "remove", "replace", "move", "copy", "test"];

    public static bool HasValue(StateOperationKind kind) => kind is StateOperationKind.Add or StateOperationKind.Replace or StateOperationKind.Test;

    public static bool HasFrom(StateOperationKind kind) => kind is StateOperationKind.Move or StateOperationKind.Copy;

    public static JsonReadLimits LimitsOf(StateOptions options) =>
        new("The patch", options.MaxPatchBytes, options.MaxDepth + OuterLevels, options.MaxOperations);

    public static StateOperation[] Read(ReadOnlyMemory<byte> json, StateOptions options)
    {
        using var index = JsonIndex.Of(json, LimitsOf(options));
        if (index.Root.Kind != JsonKind.Array)
        {
            throw new StreamException(StreamErrorKind.Corrupt, "The patch is not a JSON array of operations.");
        }

        var operations = new StateOperation[index.Root.Count];
        for (var i = 0; i < operations.Length; i++)
        {
            operations[i] = PatchOperationReader.Read(index, i);
        }

        return operations;
    }

    public static StateOperationKind? KindOf(string name) => Array.IndexOf(Names, name) is >= 0 and var kind ? (StateOperationKind)kind : null;

    public static byte[] Write(IReadOnlyList<StateOperation> operations, StateOptions options)
    {
        using var text = new PooledList<byte>(FirstText);
        for (var i = 0; i < operations.Count; i++)
        {
            text.Add(i == 0 ? (byte)'[' : (byte)',');
            Write(text, i, operations[i], options);
            LimitsOf(options).CheckLength(text.Count);
        }

        text.Add(operations.Count == 0 ? "[]"u8 : "]"u8);
        return text.Span.ToArray();
    }

    private static void Write(PooledList<byte> text, int number, StateOperation operation, StateOptions options)
    {
        if (!Enum.IsDefined(operation.Kind))
        {
            throw new StatePatchException(StreamErrorKind.InvalidRequest, $"the kind {(int)operation.Kind} is not one of RFC 6902", number, operation.Path);
        }

        text.Add("{\"op\":\""u8);
        text.Add(Encoding.UTF8.GetBytes(Names[(int)operation.Kind]));
        if (HasFrom(operation.Kind))
        {
            var from = operation.From ?? throw new StatePatchException(StreamErrorKind.InvalidRequest, "it has no from", number, operation.Path);
            WriteText(text, "\",\"from\":"u8, from, number);
            WriteText(text, ",\"path\":"u8, operation.Path, number);
        }
        else
        {
            WriteText(text, "\",\"path\":"u8, operation.Path, number);
        }

        if (HasValue(operation.Kind))
        {
            text.Add(",\"value\":"u8);
            using var value = PatchValue.Read(operation, number, options);
            new CanonicalWriter(value, text, keepNumbers: true).Write(0);
        }

        text.Add((byte)'}');
    }

    private static void WriteText(PooledList<byte> text, ReadOnlySpan<byte> name, string value, int number)
    {
        text.Add(name);
        CanonicalText.Write(JsonPointer.Encode(value, number, value), text);
    }
}
