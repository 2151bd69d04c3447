namespace AgentDemo;

/// <summary>What the demo asks. Each question is a thread of its own.</summary>
internal static class Questions
{
    public static IReadOnlyList<(string ThreadId, string Text)> All { get; } =
    [
        ("question-1", "How does a watermark keep a commit from passing unfinished work?"),
        ("question-2", "Why does a key always go to the same partition?"),
        ("question-3", "If a partition has 3 segments of 64 MiB and one of 10 MiB, how many MiB is that?"),
        ("question-4", "What happens to the partitions when a member stops beating?"),
        ("question-5", "What is a dead letter and who can read it later?"),
        ("question-6", "An answer has 12 chunks of 35 tokens and one of 8: how many tokens is that?"),
        ("question-7", "How does an agent keep its state small in a record?"),
        ("question-8", "Why is a retry better with some chance in the waiting?"),
    ];
}
