namespace AgentDemo;

/// <summary>The command line: <c>[RUNS.json] [--to URI] [--topic T]</c>.</summary>
internal sealed record DemoOptions(string? Runs, string? Store, string Topic)
{
    public const string Usage = """
        usage: AgentDemo [RUNS.json] [--to URI] [--topic TOPIC]

          RUNS.json   recorded chat runs to import; without it a small agent answers questions
          --to URI    memory:, file:DIR or sqlite:PATH. Default: a SQLite database that is deleted at the end.
                      kafka://HOST:PORT with samples/AgentDemo.Kafka, which ./build.sh demo then takes
          --topic T   default: agent-runs
        """;

    /// <summary>The options, or null when they make no sense or help is wanted.</summary>
    public static DemoOptions? Parse(string[] args)
    {
        var options = new DemoOptions(null, null, "agent-runs");
        for (var i = 0; i < args.Length; i++)
        {
            var next = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--to" when next is not null:
                    options = options with { Store = next };
                    i++;
                    break;
                case "--topic" when next is not null:
                    options = options with { Topic = next };
                    i++;
                    break;
                case { } file when !file.StartsWith('-') && options.Runs is null:
                    options = options with { Runs = file };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}
