using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.AgUi;

/// <summary>Passes over messages that lie in the log twice: a sender that did not hear of success sends again, close by.</summary>
internal sealed class AgUiRecentIds
{
    private const int Remembered = 1024;

    private readonly Queue<ByteString> _order = new(Remembered);
    private readonly HashSet<ByteString> _ids = [];

    public bool IsNew(Header? header)
    {
        if (header is null || header.MessageId.IsEmpty)
        {
            return true;
        }

        if (!_ids.Add(header.MessageId))
        {
            return false;
        }

        if (_order.Count == Remembered)
        {
            _ids.Remove(_order.Dequeue());
        }

        _order.Enqueue(header.MessageId);
        return true;
    }
}
