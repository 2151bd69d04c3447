using System.Globalization;
using DashStream.Protocol;
using Google.Protobuf.Collections;
using static DashStream.Protocol.MetricValue.Types;

namespace DashStream.Runs;

/// <summary>Turns a measured value into one of the wire. Never throws.</summary>
internal static class RunMetricValue
{
    public static void AddTo(MapField<string, MetricValue> target, ReadOnlySpan<(string Name, object? Value)> values)
    {
        foreach (var (name, value) in values)
        {
            if (!string.IsNullOrEmpty(name) && value is not null)
            {
                target[name] = Of(value);
            }
        }
    }

    private static MetricValue Of(object value)
    {
        var attribute = RunAttributes.Of(value);
        return value as MetricValue ?? attribute.ValueCase switch
        {
            AttributeValue.ValueOneofCase.IntValue => new MetricValue { IntValue = attribute.IntValue, Type = MetricType.Gauge },
            AttributeValue.ValueOneofCase.FloatValue => new MetricValue { FloatValue = attribute.FloatValue, Type = MetricType.Gauge },
            AttributeValue.ValueOneofCase.BoolValue => new MetricValue { BoolValue = attribute.BoolValue },
            AttributeValue.ValueOneofCase.BytesValue => new MetricValue { BytesValue = attribute.BytesValue },
            AttributeValue.ValueOneofCase.StringValue => new MetricValue { StringValue = attribute.StringValue },
            _ => new MetricValue { StringValue = Convert.ToString(attribute, CultureInfo.InvariantCulture) ?? "" },
        };
    }
}
