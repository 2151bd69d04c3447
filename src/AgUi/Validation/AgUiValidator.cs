namespace DashStream.AgUi;

/// <summary>
/// Checks an AG-UI stream event by event: fields, order, pairing, and whether state patches fit. Several runs may follow one another; what a run opened ends
/// with it, the state goes on. What is remembered is bounded by <see cref="AgUiValidatorOptions"/>. Not safe to use concurrently.
/// </summary>
public sealed class AgUiValidator
{
    private readonly AgUiFindings _findings;
    private readonly AgUiIds _ids;
    private readonly AgUiStreams _streams;
    private readonly AgUiStateCheck _state;
    private readonly AgUiScopes _scopes;
    private AgUiEvent? _run;
    private string? _end;
    private readonly bool _sharesState;
    private bool _hasTimes;
    private bool _hasSnapshot;

    /// <summary>Makes a validator for one stream.</summary>
    /// <param name="options">What counts as an error, and the limits; null for the defaults.</param>
    public AgUiValidator(AgUiValidatorOptions? options = null)
    {
        var used = AgUiValidatorOptions.Checked(options);
        _sharesState = used.SharesState;
        _findings = new AgUiFindings(used.Strictness);
        _ids = new AgUiIds(used, _findings);
        _state = new AgUiStateCheck(_findings, used.State);
        _streams = new AgUiStreams(_findings, _ids, used);
        _scopes = new AgUiScopes(_findings, _ids);
    }

    /// <summary>How many events were checked.</summary>
    public long Count { get; private set; }

    /// <summary>The state as it stands, as UTF-8 JSON; null while it was not told.</summary>
    public ReadOnlyMemory<byte>? State => _state.State;

    /// <summary>Checks a recorded stream whole, faults of reading included.</summary>
    /// <param name="stream">JSON lines, a JSON array or server-sent events in UTF-8.</param>
    /// <param name="options">What counts as an error, and the limits; null for the defaults.</param>
    /// <param name="reading">The limits of single events; null for the defaults.</param>
    /// <returns>What was found, in the order of events.</returns>
    public static IReadOnlyList<AgUiFinding> CheckStream(ReadOnlyMemory<byte> stream, AgUiValidatorOptions? options = null, AgUiReaderOptions? reading = null)
    {
        var collected = new AgUiCollector(options, reading, contentType: null);
        try
        {
            foreach (var item in AgUiReader.Read(stream, collected.Reading, collected.Framing))
            {
                collected.Add(item);
            }
        }
        catch (AgUiException e)
        {
            collected.Add(e);
        }

        return collected.End();
    }

    /// <summary>Refuses a recorded stream that breaks the protocol.</summary>
    /// <param name="stream">JSON lines, a JSON array or server-sent events in UTF-8.</param>
    /// <param name="options">What counts as an error, and the limits; null for the defaults.</param>
    /// <exception cref="AgUiException">The first error: rule, event, field and what to do.</exception>
    public static void ThrowIfInvalid(ReadOnlyMemory<byte> stream, AgUiValidatorOptions? options = null)
    {
        if (CheckStream(stream, options).FirstOrDefault(finding => finding.Severity == AgUiSeverity.Error) is { } error)
        {
            throw error.ToException();
        }
    }

    /// <summary>Checks the next event.</summary>
    /// <param name="item">The event.</param>
    /// <returns>What was found; empty when all is well.</returns>
    /// <exception cref="AgUiException">The run is over a limit (<see cref="StreamErrorKind.TooLarge"/>).</exception>
    public IReadOnlyList<AgUiFinding> Check(AgUiEvent item)
    {
        ArgumentNullException.ThrowIfNull(item);
        _findings.Index = Count++;
        _hasTimes |= item.Timestamp is not null;
        if (item.Type == AgUiEventType.Unknown)
        {
            _findings.Add(AgUiRule.UnknownType, $"{AgUiIds.Bounded(item.TypeName)} is no kind of event that the protocol knows; send CUSTOM with a name of your own", "type");
        }

        var isWhole = AgUiFieldCheck.Check(item, _findings);
        if (CheckOrder(item) && isWhole)
        {
            Follow(item);
        }

        return _findings.Take();
    }

    /// <summary>Checks what may not be missing when the stream ends.</summary>
    public IReadOnlyList<AgUiFinding> End()
    {
        _findings.Index = Count;
        if (_run is not null && _end is null)
        {
            _findings.Add(AgUiRule.RunNotEnded, "the stream ends while a run is open; send RUN_FINISHED or RUN_ERROR last");
            CheckAllEnded();
        }

        if (Count > 0 && _sharesState && !_hasSnapshot)
        {
            _findings.Add(AgUiRule.SharedStateNotTold, "no event tells the state that the stream is to share; send a STATE_SNAPSHOT");
        }

        if (Count > 0 && !_hasTimes)
        {
            _findings.Add(AgUiRule.NoTimestamps, "no event has a timestamp");
        }

        return _findings.Take();
    }

    internal bool IsRunOpen => _run is not null && _end is null;

    /// <summary>Reports what is not seen in events but in how they came.</summary>
    internal IReadOnlyList<AgUiFinding> Report(AgUiRule rule, string reason, AgUiSeverity? severity = null)
    {
        _findings.Index = Count;
        _findings.Add(rule, reason, severity: severity);
        return _findings.Take();
    }

    internal IReadOnlyList<AgUiFinding> Skip(AgUiException e)
    {
        Count++;
        _findings.Add(e);
        return _findings.Take();
    }

    /// <summary>The order of runs. False when the event is not looked at further.</summary>
    private bool CheckOrder(AgUiEvent item)
    {
        switch (item.Type)
        {
            case AgUiEventType.RunStarted:
                if (_run is not null && _end is null)
                {
                    _findings.Add(AgUiRule.RunStartedTwice, "a run starts while another is open; end the other first");
                }

                Begin(item);
                return true;
            case AgUiEventType.RunFinished or AgUiEventType.RunError:
                return CheckEnd(item);
        }

        if (_end is not null)
        {
            _findings.Add(AgUiRule.EventAfterEnd, $"{AgUiIds.Bounded(item.TypeName)} follows the end of its run; only a new RUN_STARTED may");
            return false;
        }

        if (_run is null && Count == 1)
        {
            _findings.Add(AgUiRule.RunNotStarted, $"the stream begins with {AgUiIds.Bounded(item.TypeName)}; begin it with RUN_STARTED");
        }

        return true;
    }

    private bool CheckEnd(AgUiEvent item)
    {
        if (_end is { } end)
        {
            _findings.Add(AgUiRule.RunEndedTwice, $"{item.TypeName} follows {end}; a run ends once");
            _end = item.TypeName;
            return false;
        }

        // A run may fail before it starts.
        if (_run is null && item.Type == AgUiEventType.RunFinished && Count == 1)
        {
            _findings.Add(AgUiRule.RunNotStarted, "the stream begins with RUN_FINISHED; begin it with RUN_STARTED");
        }

        _end = item.TypeName;
        if (item.Type == AgUiEventType.RunFinished)
        {
            CheckSame(item, "threadId");
            CheckSame(item, "runId");
            CheckAllEnded();
        }

        return false;
    }

    private void CheckSame(AgUiEvent item, string field)
    {
        if (_run?.Text(field) is { } started && item.Text(field) is { } finished && started != finished)
        {
            _findings.Add(AgUiRule.OtherRun, "it is not the one that RUN_STARTED named", field);
        }
    }

    private void CheckAllEnded()
    {
        _streams.CheckAllEnded();
        _scopes.CheckAllEnded();
    }

    private void Begin(AgUiEvent item)
    {
        (_run, _end) = (item, null);
        _ids.Clear();
        _streams.Clear();
        _scopes.Clear();
        _state.Start(item);
    }

    private void Follow(AgUiEvent item)
    {
        _streams.CloseChunks(item);
        switch (item.Type)
        {
            case AgUiEventType.StateSnapshot:
                _hasSnapshot = true;
                _state.Replace(item);
                break;
            case AgUiEventType.StateDelta:
                _state.Change(item);
                break;
            case AgUiEventType.Custom when item.Text("name") is { } name && name.AsSpan().IndexOfAny('.', ':', '/') < 0:
                _findings.Add(AgUiRule.CustomNameWithoutOwner, $"{AgUiIds.Bounded(name)} does not say whose it is; name it owner.event", "name");
                break;
            case AgUiEventType.ActivityDelta when item.TryGet("patch", out var patch):
                _ = _state.Read(patch, "patch");
                break;
            case AgUiEventType.Raw when item.TryGet("event", out var raw) && AgUiJson.TryMember(raw, "type", out var type) && type.Span[0] == '"'
                && AgUiTypeNames.TypeOf(JsonScalar.Text(type.Span)) != AgUiEventType.Unknown:
                _findings.Add(AgUiRule.RawHoldsEvent, "it holds an AG-UI event; send that event itself", "event");
                break;
            default:
                _scopes.Follow(item);
                _streams.Follow(item);
                break;
        }
    }
}
