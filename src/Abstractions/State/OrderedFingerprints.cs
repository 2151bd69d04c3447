namespace DashStream.State;

/// <summary>The elements of an array by fingerprint; equal ones stay in their order.</summary>
internal sealed class OrderedFingerprints : IDisposable
{
    private readonly PooledList<ulong> _fingerprints;
    private readonly PooledList<int> _elements;

    public OrderedFingerprints(JsonIndex index, ReadOnlySpan<int> children)
    {
        _fingerprints = new PooledList<ulong>(children.Length);
        _elements = new PooledList<int>(children.Length);
        for (var i = 0; i < children.Length; i++)
        {
            _fingerprints.Add(Fingerprint.Of(index, children[i]));
            _elements.Add(i);
        }

        _fingerprints.Span.Sort(_elements.Span);
        OrderEqualOnes();
    }

    public ulong this[int place] => _fingerprints[place];

    public int Element(int place) => _elements[place];

    public void Dispose()
    {
        _fingerprints.Dispose();
        _elements.Dispose();
    }

    private void OrderEqualOnes()
    {
        for (int start = 0, end = 1; start < _fingerprints.Count; start = end++)
        {
            while (end < _fingerprints.Count && _fingerprints[end] == _fingerprints[start])
            {
                end++;
            }

            _elements.Span[start..end].Sort();
        }
    }
}
