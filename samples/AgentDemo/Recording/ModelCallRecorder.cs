using DashStream.Protocol;

namespace AgentDemo.Recording;

/// <summary>One model call in the record: start, streamed pieces, end.</summary>
internal sealed class ModelCallRecorder : IDisposable
{
    private readonly RunRecorder _recorder;
    private readonly string _node;
    private readonly string _model;
    private readonly string _requestId;
    private readonly long _began;

    public ModelCallRecorder(RunRecorder recorder, string node, string model, string requestId)
    {
        (_recorder, _node, _model, _requestId, _began) = (recorder, node, model, requestId, recorder.Now);
        Send(EventType.LlmStart, durationUs: 0);
    }

    public void Token(string text, int index, bool isFinal) => _recorder.Send(new TokenChunk
    {
        Header = _recorder.Header(),
        RequestId = _requestId,
        Text = text,
        ChunkIndex = (uint)index,
        IsFinal = isFinal,
        FinishReason = isFinal ? TokenChunk.Types.FinishReason.Stop : TokenChunk.Types.FinishReason.None,
        Model = _model,
    });

    public void Dispose() => Send(EventType.LlmEnd, _recorder.Since(_began));

    private void Send(EventType type, long durationUs) => _recorder.Send(new Event
    {
        Header = _recorder.Header(),
        EventType = type,
        NodeId = _node,
        DurationUs = durationUs,
        LlmRequestId = _requestId,
    });
}
