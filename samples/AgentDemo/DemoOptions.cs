using System.Globalization;

namespace AgentDemo;

/// <summary>The command line: <c>[RUNS.json] [--to URI] [--topic T] [--checkpoints DIR [--pace MS]]</c>.</summary>
internal sealed record DemoOptions(string? Runs, string? Store, string Topic)
{
    /// <summary>Where the agent saves its state after each step, and goes on from; null for not.</summary>
    public string? Checkpoints { get; init; }

    /// <summary>How long the agent rests after each step, so that there is time to kill it.</summary>
    public TimeSpan Pace { get; init; }

    public const string Usage = """
        usage: AgentDemo [RUNS.json] [--to URI] [--topic TOPIC] [--checkpoints DIR [--pace MS]]

          RUNS.json   recorded chat runs to import; without it a small agent answers questions
          --to URI    memory:, file:DIR, sqlite:PATH or redis://HOST:PORT. Default: a SQLite database that is deleted at the end.
                      kafka://HOST:PORT with samples/AgentDemo.Kafka, which ./build.sh demo then takes
          --topic T   default: agent-runs
          --checkpoints DIR  save the agent's state after each step, and go on from what is there: kill it, and start it again
          --pace MS   rest so long after each step
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
                case "--checkpoints" when next is not null:
                    options = options with { Checkpoints = next };
                    i++;
                    break;
                case "--pace" when int.TryParse(next, CultureInfo.InvariantCulture, out var ms) && ms >= 0:
                    options = options with { Pace = TimeSpan.FromMilliseconds(ms) };
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
