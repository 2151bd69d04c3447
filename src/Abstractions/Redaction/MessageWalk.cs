using System.Globalization;
using DashStream.Protocol;
using Google.Protobuf.Collections;

namespace DashStream;

/// <summary>Visits every text and every piece of JSON of a message and puts back what the redaction makes of it. The message is changed: give it a copy.</summary>
internal sealed class MessageWalk(Redaction redaction)
{
    public void Visit(DashStreamMessage message)
    {
        switch (message.MessageCase)
        {
            case DashStreamMessage.MessageOneofCase.Event:
                Visit(message.Event);
                break;
            case DashStreamMessage.MessageOneofCase.EventBatch:
                foreach (var inner in message.EventBatch.Events)
                {
                    Visit(inner);
                }

                break;
            case DashStreamMessage.MessageOneofCase.StateDiff:
                new StateWalk(redaction).Visit(message.StateDiff);
                break;
            case DashStreamMessage.MessageOneofCase.TokenChunk:
                message.TokenChunk.Text = redaction.Text(message.TokenChunk.Text);
                message.TokenChunk.Model = redaction.Text(message.TokenChunk.Model);
                break;
            case DashStreamMessage.MessageOneofCase.ToolExecution:
                Visit(message.ToolExecution);
                break;
            case DashStreamMessage.MessageOneofCase.Checkpoint:
                new StateWalk(redaction).Visit(message.Checkpoint);
                Visit(message.Checkpoint.Metadata);
                break;
            case DashStreamMessage.MessageOneofCase.Metrics:
                Visit(message.Metrics);
                break;
            case DashStreamMessage.MessageOneofCase.Error:
                Visit(message.Error);
                break;
            case DashStreamMessage.MessageOneofCase.ExecutionTrace:
                Visit(message.ExecutionTrace);
                break;
        }
    }

    private void Visit(Event message)
    {
        message.NodeId = redaction.Text(message.NodeId);
        Visit(message.Attributes);
    }

    private void Visit(ToolExecution message)
    {
        message.ToolName = redaction.Text(message.ToolName);
        message.Arguments = redaction.Bytes(message.Arguments);
        message.Result = redaction.Bytes(message.Result);
        message.Error = redaction.Text(message.Error);
        if (message.ErrorDetails is not null)
        {
            Visit(message.ErrorDetails);
        }
    }

    private void Visit(Metrics message)
    {
        message.Scope = redaction.Text(message.Scope);
        Visit(message.Tags);
        foreach (var (name, value) in message.Metrics_)
        {
            redaction.Enter(name);
            var isText = value.ValueCase == MetricValue.ValueOneofCase.StringValue;
            if (redaction.ReplacementHere(isText) is { } replacement)
            {
                value.StringValue = replacement;
            }
            else if (isText)
            {
                value.StringValue = redaction.Text(value.StringValue);
            }
            else if (value.ValueCase == MetricValue.ValueOneofCase.BytesValue)
            {
                value.BytesValue = redaction.Bytes(value.BytesValue);
            }

            value.Unit = redaction.Text(value.Unit);
            redaction.Leave();
        }
    }

    private void Visit(Error message)
    {
        message.ErrorCode = redaction.Text(message.ErrorCode);
        message.Message = redaction.Text(message.Message);
        message.StackTrace = redaction.Text(message.StackTrace);
        message.ExceptionType = redaction.Text(message.ExceptionType);
        Visit(message.Context);
        for (var i = 0; i < message.Suggestions.Count; i++)
        {
            message.Suggestions[i] = redaction.Text(message.Suggestions[i]);
        }
    }

    private void Visit(ExecutionTrace message)
    {
        message.FinalState = redaction.Bytes(message.FinalState);
        foreach (var name in message.Metadata.Keys.ToList())
        {
            redaction.Enter(name);
            message.Metadata[name] = redaction.Bytes(message.Metadata[name]);
            redaction.Leave();
        }

        foreach (var node in message.NodesExecuted)
        {
            node.Node = redaction.Text(node.Node);
            node.Input = redaction.Bytes(node.Input);
            node.Output = redaction.Bytes(node.Output);
            Visit(node.Metadata);
        }

        foreach (var error in message.Errors)
        {
            error.Node = redaction.Text(error.Node);
            error.Message = redaction.Text(error.Message);
            error.ErrorCode = redaction.Text(error.ErrorCode);
            error.StackTrace = redaction.Text(error.StackTrace);
        }
    }

    private void Visit(MapField<string, string> entries)
    {
        foreach (var name in entries.Keys.ToList())
        {
            redaction.Enter(name);
            entries[name] = redaction.ReplacementHere(isText: true) ?? redaction.Text(entries[name]);
            redaction.Leave();
        }
    }

    private void Visit(MapField<string, AttributeValue> entries)
    {
        foreach (var (name, value) in entries)
        {
            redaction.Enter(name);
            Visit(value);
            redaction.Leave();
        }
    }

    private void Visit(AttributeValue value)
    {
        if (redaction.ReplacementHere(value.ValueCase == AttributeValue.ValueOneofCase.StringValue) is { } replacement)
        {
            value.StringValue = replacement;
            return;
        }

        switch (value.ValueCase)
        {
            case AttributeValue.ValueOneofCase.StringValue:
                value.StringValue = redaction.Text(value.StringValue);
                break;
            case AttributeValue.ValueOneofCase.IntValue:
                var digits = value.IntValue.ToString(CultureInfo.InvariantCulture);
                if (redaction.Plain(digits) is var redacted && redacted != digits)
                {
                    value.StringValue = redacted;
                }

                break;
            case AttributeValue.ValueOneofCase.BytesValue:
                value.BytesValue = redaction.Bytes(value.BytesValue);
                break;
            case AttributeValue.ValueOneofCase.ArrayValue:
                for (var i = 0; i < value.ArrayValue.Values.Count; i++)
                {
                    redaction.Enter(i.ToString(CultureInfo.InvariantCulture));
                    Visit(value.ArrayValue.Values[i]);
                    redaction.Leave();
                }

                break;
            case AttributeValue.ValueOneofCase.MapValue:
                Visit(value.MapValue.Values);
                break;
        }
    }
}
