using System.Security.Cryptography;

namespace DashStream.State;

/// <summary>
/// The hash of a document's canonical text, and the hash as it stood after the part that it has in common with the one before: most likely the next one begins
/// with that part too, and is hashed from there.
/// </summary>
internal sealed class RunningHash : IDisposable
{
    // Below, hashing anew costs less than keeping a hash.
    private const int LeastCommon = 1 << 10;

    private readonly JsonIndex _index;
    private readonly PooledList<byte>? _text;
    private readonly IncrementalHash? _common;
    private readonly int _commonLength;

    public RunningHash(JsonIndex index, RunningHash? before)
    {
        _index = index;
        if (!index.Root.IsCanonical)
        {
            _text = new PooledList<byte>(index.Root.Size);
            new CanonicalWriter(index, _text).Write(0);
        }

        _commonLength = before is null ? 0 : Text.CommonPrefixLength(before.Text);
        Span<byte> hash = stackalloc byte[StateHash.ByteLength];
        if (_commonLength < LeastCommon)
        {
            _commonLength = 0;
            SHA256.HashData(Text, hash);
        }
        else
        {
            _common = GoOn(before!);
            using var whole = _common.Clone();
            whole.AppendData(Text[_commonLength..]);
            whole.GetHashAndReset(hash);
        }

        Value = new StateHash(hash);
    }

    public StateHash Value { get; }

    public long HeldBytes => _text?.Count ?? 0;

    private ReadOnlySpan<byte> Text => _text is null ? _index.Written(_index.Root) : _text.Span;

    public void Dispose()
    {
        _text?.Dispose();
        _common?.Dispose();
    }

    private IncrementalHash GoOn(RunningHash before)
    {
        var starts = before._common is not null && before._commonLength <= _commonLength;
        var hash = starts ? before._common!.Clone() : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Text[(starts ? before._commonLength : 0).._commonLength]);
        return hash;
    }
}
