namespace DashStream.Providers;

/// <summary>A write with a result; without work, only a wait until the database is open.</summary>
internal sealed class SqliteWriteOf<T> : SqliteWrite
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<SqliteSession, T>? _work;
    private readonly CancellationTokenRegistration _registration;
    private T _result = default!;

    public SqliteWriteOf(Func<SqliteSession, T>? work, long sizeBytes, CancellationToken cancellationToken)
    {
        _work = work;
        SizeBytes = sizeBytes;
        _registration = cancellationToken.UnsafeRegister(static (write, token) => ((SqliteWriteOf<T>)write!).Cancel(token), this);
    }

    public override long SizeBytes { get; }

    public override bool NeedsTransaction => _work is not null;

    public Task<T> Task => _completion.Task;

    public override void Execute(SqliteSession session) => _result = _work!(session);

    public override void Complete(Exception? error)
    {
        _registration.Dispose();
        if (error is null)
        {
            _completion.TrySetResult(_result);
        }
        else
        {
            _completion.TrySetException(error);
        }
    }

    private void Cancel(CancellationToken token)
    {
        if (TryCancel())
        {
            _completion.TrySetCanceled(token);
        }
    }
}
