using System.Reflection;
using System.Reflection.Emit;
using StackExchange.Redis;

namespace DashStream.Providers;

/// <summary>
/// Client versions before 2.0 keep the boxes that answers come in for the next commands, and give a box back twice when a connection breaks while a command is being
/// written to it. From then on two commands of the process, on whatever connections, may share a box, and one gets the answer of the other. This takes the place away
/// where boxes are kept, so that each command has its own. Later versions keep none.
/// </summary>
internal static class OldResultPool
{
    private static readonly Lazy<bool> Closing = new(TryClose);

    /// <summary>Call before the first command. False when there is nothing to close.</summary>
    public static bool Close() => Closing.Value;

    private static bool TryClose()
    {
        var box = typeof(ConnectionMultiplexer).Assembly.GetType("StackExchange.Redis.ResultBox`1")?.MakeGenericType(typeof(RedisResult));
        if (box?.GetField("store", BindingFlags.Static | BindingFlags.NonPublic) is not { IsInitOnly: true, FieldType.IsArray: true } store)
        {
            return false;
        }

        // Reading it runs what fills it; reflection itself refuses to set such a field.
        _ = store.GetValue(null);
        var method = new DynamicMethod("CloseResultPool", returnType: null, parameterTypes: [], box.Module, skipVisibility: true);
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldc_I4_0);
        code.Emit(OpCodes.Newarr, box);
        code.Emit(OpCodes.Stsfld, store);
        code.Emit(OpCodes.Ret);
        method.CreateDelegate<Action>()();
        return store.GetValue(null) is Array { Length: 0 };
    }
}
