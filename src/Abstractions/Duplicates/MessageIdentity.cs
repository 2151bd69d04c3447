using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using DashStream.Protocol;

namespace DashStream.Duplicates;

/// <summary>
/// What makes two messages the same one: tenant and message id, hashed so that no tenant can make up an id that hides another tenant's message.
/// </summary>
internal static class MessageIdentity
{
    private const int OnStack = 512;

    /// <summary>False when the message has no id: then it cannot be told from others.</summary>
    public static bool TryGet(Header? header, out UInt128 identity)
    {
        identity = default;
        if (header is null || header.MessageId.IsEmpty)
        {
            return false;
        }

        var length = sizeof(int) + Encoding.UTF8.GetByteCount(header.TenantId) + header.MessageId.Length;
        var rented = length <= OnStack ? null : ArrayPool<byte>.Shared.Rent(length);
        var bytes = rented is null ? stackalloc byte[length] : rented.AsSpan(0, length);
        var tenant = Encoding.UTF8.GetBytes(header.TenantId, bytes[sizeof(int)..]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, tenant);
        header.MessageId.Span.CopyTo(bytes[(sizeof(int) + tenant)..]);

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        identity = BinaryPrimitives.ReadUInt128LittleEndian(hash);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return true;
    }
}
