using System.Globalization;
using DashStream;
using DashStream.Crash;

const string Usage = """
    usage: DashStream.Crash URI append TOPIC COUNT LABEL   sends COUNT records (0: without end), prints 'stored POSITION LABEL:NUMBER' for each
           DashStream.Crash URI consume TOPIC GROUP COUNT  reads COUNT records (0: without end), prints 'read POSITION VALUE' and 'done POSITION' once committed
           DashStream.Crash URI handle TOPIC GROUP         handles messages with the whole client, prints 'start POSITION' and 'done POSITION'; never ends
           DashStream.Crash URI trace TOPIC GROUP          handles one message in a span, prints 'trace TRACE-ID SPAN-ID PARENT-SPAN-ID', and ends
           DashStream.Crash URI checkpoint THREAD PADDING  saves checkpoints of a growing state, prints 'saved NUMBER' for each; never ends
           URI: file:DIR or sqlite:PATH
    """;

if (args is not [var uri, var verb, var topic, var what, ..])
{
    await Console.Error.WriteLineAsync(Usage);
    return 2;
}

if (verb == "checkpoint")
{
    await CheckpointVerb.RunAsync(uri, topic, int.Parse(what, CultureInfo.InvariantCulture));
    return 0;
}

var rest = args.Length > 4 ? args[4] : "";
await using IStreamProvider provider = ProviderUri.Open(uri);
switch (verb)
{
    case "append":
        await Verbs.AppendAsync(provider, topic, int.Parse(what, CultureInfo.InvariantCulture), rest);
        return 0;
    case "consume":
        await Verbs.ConsumeAsync(provider, topic, what, int.Parse(rest, CultureInfo.InvariantCulture));
        return 0;
    case "handle":
        await Verbs.HandleAsync(provider, topic, what);
        return 0;
    case "trace":
        await Verbs.TraceAsync(provider, topic, what);
        return 0;
    default:
        await Console.Error.WriteLineAsync(Usage);
        return 2;
}
