namespace DashStream.AgUi;

/// <summary>Checks a stream while it is read and keeps all that is found, faults of reading and framing included.</summary>
internal sealed class AgUiCollector
{
    private readonly AgUiValidator _validator;
    private readonly List<AgUiFinding> _found = [];

    public AgUiCollector(AgUiValidatorOptions? options, AgUiReaderOptions? reading, string? contentType)
    {
        _validator = new AgUiValidator(options);
        Framing = new AgUiFraming(contentType, Report);
        var limits = AgUiReaderOptions.Checked(reading);
        Reading = new AgUiReaderOptions
        {
            MaxEventBytes = limits.MaxEventBytes,
            MaxDepth = limits.MaxDepth,
            MaxFields = limits.MaxFields,
            SkipMalformed = e =>
            {
                Add(e);
                return true;
            },
        };
    }

    public AgUiReaderOptions Reading { get; }

    public AgUiFraming Framing { get; }

    public long Events => _validator.Count;

    public bool IsRunOpen => _validator.IsRunOpen;

    public void Add(AgUiEvent item) => _found.AddRange(_validator.Check(item));

    public void Add(AgUiException e) => _found.AddRange(_validator.Skip(e));

    public void Report(AgUiRule rule, string reason, AgUiSeverity? severity = null) => _found.AddRange(_validator.Report(rule, reason, severity));

    public IReadOnlyList<AgUiFinding> End()
    {
        _found.AddRange(_validator.End());
        return _found;
    }
}
