using DashStream.Groups;

namespace DashStream.Tests.Groups;

[TestClass]
public sealed class GroupRulesTests
{
    private const long TimeoutUs = 10_000_000;

    [TestMethod]
    public void Nothing_that_members_do_gives_a_partition_two_owners_or_a_fence_twice()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var run = new Run(partitions: random.Next(1, 24));

            for (var step = 0; step < 40; step++)
            {
                run.Step(random);
                run.Check($"seed {seed}, step {step}");
            }

            run.Settle();
            run.Check($"seed {seed}, settled");
            run.CheckSettled($"seed {seed}, settled");
        }
    }

    [TestMethod]
    [DataRow(12, 3)]
    [DataRow(7, 3)]
    [DataRow(3, 5)]
    [DataRow(1024, 10)]
    [DataRow(1, 1)]
    public void A_join_moves_only_the_share_of_the_newcomer(int partitions, int members)
    {
        var run = new Run(partitions);
        for (var i = 0; i < members; i++)
        {
            run.Join();
            run.Settle();
        }

        var before = run.Owners();
        run.Join();
        run.Settle();

        Assert.AreEqual(partitions / (members + 1), before.Zip(run.Owners()).Count(pair => pair.First != pair.Second));
    }

    [TestMethod]
    [DataRow(12, 4)]
    [DataRow(10, 4)]
    [DataRow(3, 5)]
    [DataRow(1024, 10)]
    public void A_leave_moves_only_what_the_leaver_had(int partitions, int members)
    {
        var run = new Run(partitions);
        for (var i = 0; i < members; i++)
        {
            run.Join();
            run.Settle();
        }

        var leaver = run.Document.Members[1].Number;
        var before = run.Owners();
        GroupRules.Remove(run.Document, [leaver]);

        CollectionAssert.AreEqual(
            before.Select((owner, p) => (owner, p)).Where(x => x.owner == leaver).Select(x => x.p).ToList(),
            before.Zip(run.Owners()).Select((pair, p) => (pair, p)).Where(x => x.pair.First != x.pair.Second).Select(x => x.p).ToList());
        run.CheckSettled("after the leave");
    }

    [TestMethod]
    public void A_partition_that_is_to_stay_after_all_gets_a_new_fence_when_its_owner_has_revoked_it()
    {
        var run = new Run(partitions: 2);
        var first = run.Join();
        var second = run.Join();
        var moving = Array.FindIndex(run.Document.Partitions, entry => entry.Target == second);
        var fence = run.Document.Partitions[moving].Fence;
        GroupRules.Remove(run.Document, [second]);
        Assert.AreEqual(fence, run.Document.Partitions[moving].Fence);

        GroupRules.Release(run.Document, first, [moving]);

        Assert.AreEqual(first, run.Document.Partitions[moving].Owner);
        Assert.IsGreaterThan(fence, run.Document.Partitions[moving].Fence);
    }

    [TestMethod]
    public void A_release_of_somebody_who_is_no_owner_changes_no_owner()
    {
        var run = new Run(partitions: 2);
        var first = run.Join();
        var second = run.Join();

        GroupRules.Release(run.Document, second, [0, 1]);

        CollectionAssert.AreEqual(new[] { first, first }, run.Owners());
    }

    /// <summary>A group under random members, and what must hold at all times.</summary>
    private sealed class Run(int partitions)
    {
        private readonly HashSet<long> _fences = [];
        private readonly (int Owner, long Fence)[] _before = new (int, long)[partitions];
        private int _ids;

        public GroupDocument Document { get; } = GroupDocument.New(partitions, nowUs: 1000);

        public int Join() => GroupRules.Join(Document, $"m{_ids++}", TimeoutUs, nowUs: 0).Number;

        public int[] Owners() => [.. Document.Partitions.Select(entry => entry.Owner)];

        public void Step(Random random)
        {
            var choice = random.Next(10);
            if (choice < 3 && Document.Members.Count < 9)
            {
                Join();
            }
            else if (choice < 5 && Document.Members.Count > 0)
            {
                var numbers = Document.Members.Select(member => member.Number).ToArray();
                GroupRules.Remove(Document, random.GetItems(numbers, random.Next(1, 3)));
            }
            else if (Document.Members.Count > 0)
            {
                Release(Document.Members[random.Next(Document.Members.Count)].Number);
            }
        }

        public void Settle()
        {
            foreach (var member in Document.Members.ToList())
            {
                Release(member.Number);
            }
        }

        public void Check(string when)
        {
            var living = Document.Members.Select(member => member.Number).ToHashSet();
            for (var p = 0; p < partitions; p++)
            {
                var entry = Document.Partitions[p];
                Assert.IsTrue(living.Count == 0 ? entry.Owner == 0 && entry.Target == 0 : living.Contains(entry.Owner) && living.Contains(entry.Target), when);
                if (entry.Owner != _before[p].Owner)
                {
                    Assert.IsTrue(_fences.Add(entry.Fence) && entry.Fence > _before[p].Fence, $"{when}: partition {p} changed hands under an old fence");
                }

                _before[p] = (entry.Owner, entry.Fence);
            }

            CheckBalance(when, static entry => entry.Target);
        }

        public void CheckSettled(string when)
        {
            Assert.IsTrue(Document.Partitions.All(entry => entry.Owner == entry.Target), when);
            CheckBalance(when, static entry => entry.Owner);
        }

        private void CheckBalance(string when, Func<PartitionEntry, int> of)
        {
            if (Document.Members.Count > 0)
            {
                var loads = Document.Members.Select(member => Document.Partitions.Count(entry => of(entry) == member.Number)).ToArray();
                Assert.IsLessThanOrEqualTo(1, loads.Max() - loads.Min(), $"{when}: {string.Join(",", loads)}");
            }
        }

        private void Release(int number) => GroupRules.Release(
            Document, number, Document.OwnedBy(number).Where(partition => Document.Partitions[partition].Target != number).ToList());
    }
}
