using Confluent.Kafka;

namespace DashStream.Providers;

/// <summary>
/// The consumer's own thread: polls librdkafka, answers rebalances, and tells it of moves and pauses. Everything that touches the native consumer happens here,
/// except commits, which librdkafka takes from any thread.
/// </summary>
internal sealed class KafkaPoller
{
    // How much is taken from librdkafka before it is handed to the reader: one lock for many records, without keeping any back.
    private const int MostAtOnce = 512;

    private readonly KafkaCluster _cluster;
    private readonly ConsumerPlan _plan;
    private readonly FetchBuffer _buffer;
    private readonly ConsumerState _state;
    private readonly FetchFlow _flow;
    private readonly MemberAssignments? _assignments;
    private readonly GroupCommits? _commits;
    private readonly FetchErrors _errors;
    private readonly List<FetchedRecord> _received = [];
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IConsumer<byte[]?, byte[]?> _client;
    private bool _toldOfHeaders;

    /// <summary>Makes the native client, which does no I/O yet.</summary>
    public KafkaPoller(KafkaCluster cluster, ConsumerPlan plan, FetchBuffer buffer, ConsumerState state, MemberAssignments? assignments, GroupCommits? commits, LogOffsets offsets)
    {
        _cluster = cluster;
        _plan = plan;
        _buffer = buffer;
        _state = state;
        _assignments = assignments;
        _commits = commits;
        _flow = new FetchFlow(buffer, cluster.Time, cluster.Options.MaxPrefetchBytes / 2);
        _errors = new FetchErrors(cluster, plan, buffer, state, offsets);
        _client = MakeClient();
    }

    /// <summary>Completes when the thread has given everything up and ended.</summary>
    public Task Done => _done.Task;

    /// <summary>Starts to read; alone, the partitions that are in the buffer, with a group, those that it assigns.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = $"dashstream-kafka {_plan.Topic}" }.Start();

    private void Run()
    {
        try
        {
            do
            {
                Join();
                while (!_state.IsOver && _assignments is not { HasLapsed: true })
                {
                    Poll();
                }

                Leave();
            }
            while (Returns());
        }
        catch (Exception e)
        {
            // Nothing may escape on a thread of ours: the next read tells it.
            _state.Fail(e);
            Close();
        }
        finally
        {
            _buffer.Wake();
            _done.SetResult();
        }
    }

    private void Join()
    {
        if (_assignments is not null)
        {
            _commits!.Attach(_client);
            _client.Subscribe(_plan.Topic);
            return;
        }

        // In this order: a seek that comes in between is seen by the second line, or is left as a move. The other way round it would be forgotten.
        _buffer.Activate(_buffer.Select(static partition => partition.Number));
        _client.Assign(_buffer.Select(static partition => new TopicPartitionOffset(partition.Position, partition.Fetched)));
    }

    private void Poll()
    {
        foreach (var move in _buffer.TakeMoves())
        {
            Move(move);
        }

        if (_flow.NextWait(_client) is not { } wait)
        {
            return;
        }

        for (var result = Consume(wait); result is not null; result = Consume(0))
        {
            Take(result);
            if (_received.Count >= MostAtOnce)
            {
                break;
            }
        }

        HandOver();
    }

    private ConsumeResult<byte[]?, byte[]?>? Consume(int milliseconds)
    {
        try
        {
            return _client.Consume(milliseconds);
        }
        catch (ConsumeException e)
        {
            HandOver();
            _errors.Take(e);
            return null;
        }
        catch (KafkaException e)
        {
            _state.Fail(KafkaErrors.Of($"Reading topic '{_plan.Topic}' at {_cluster.Servers}", e.Error, e));
            return null;
        }
    }

    private void Take(ConsumeResult<byte[]?, byte[]?> result)
    {
        if (result.IsPartitionEOF)
        {
            HandOver();
            _buffer.NoteEnd(result.Partition.Value, result.Offset.Value);
            return;
        }

        var record = KafkaRecords.Read(result, out var isWhole);
        _received.Add(new FetchedRecord(record, record.SizeBytes));
        if (!isWhole && !_toldOfHeaders)
        {
            _toldOfHeaders = true;
            KafkaLog.HeaderLeftOut(_cluster.Logger, _plan.Topic, record.Position!.Value.ToString());
        }
    }

    // Also before every change of assignment: what was received belongs to the old one.
    private void HandOver()
    {
        if (_received.Count > 0)
        {
            _buffer.Push(_received);
            _received.Clear();
        }
    }

    // A partition whose fetching ended with an error cannot be sought in, only assigned anew.
    private void Move(TopicPartitionOffset position)
    {
        try
        {
            _client.Seek(position);
        }
        catch (KafkaException)
        {
            _client.IncrementalUnassign([position.TopicPartition]);
            _client.IncrementalAssign([position]);
            _buffer.TryLook(position.Partition.Value, static partition => partition.IsPausedNatively = false);
        }
    }

    private void Leave()
    {
        if (_state.IsStopping && !_state.HasFailed)
        {
            HandOver();
            _assignments?.RevokeAll();
        }

        Close();
    }

    private void Close()
    {
        var client = _client;
        if (_commits is { } commits)
        {
            commits.Detach(_cluster.Options.OperationTimeout, () => Close(client));
        }
        else
        {
            Close(client);
        }
    }

    private void Close(IConsumer<byte[]?, byte[]?> client)
    {
        try
        {
            var name = client.Name;
            client.Close();
            _cluster.Meter.Forget(name);
        }
        catch (Exception e) when (e is KafkaException or ObjectDisposedException)
        {
            KafkaLog.ClosingFailed(_cluster.Logger, $"The consumer of topic '{_plan.Topic}'", e);
            client.Dispose();
        }
    }

    // After a listener call that outlasted the session: when it is over, the listener hears what was lost, and the member comes back as a new one.
    private bool Returns()
    {
        if (_assignments is not { HasLapsed: true } || _state.HasFailed)
        {
            return false;
        }

        _assignments.EndLapse();
        if (_state.IsOver)
        {
            return false;
        }

        _flow.Reset();
        _client = MakeClient();
        return true;
    }

    private IConsumer<byte[]?, byte[]?> MakeClient() => _cluster.Consumer(_plan.Options, _plan.GroupId, builder =>
    {
        if (_assignments is not { } assignments)
        {
            return;
        }

        builder.SetPartitionsAssignedHandler((_, partitions) =>
        {
            HandOver();
            return assignments.Assign(partitions);
        });
        builder.SetPartitionsRevokedHandler((_, positions) =>
        {
            HandOver();
            assignments.Revoke(positions);
        });
        builder.SetPartitionsLostHandler((_, positions) =>
        {
            HandOver();
            assignments.Lose(positions);
        });
    });
}
