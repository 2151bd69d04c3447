namespace DashStream.Conformance.Redis;

/// <summary>What may happen to a server, or to the way to it.</summary>
public enum NodeFault
{
    /// <summary>kill -9, until it is started again on the same data.</summary>
    Kill,

    /// <summary>SIGSTOP.</summary>
    Suspend,

    /// <summary>DEBUG SLEEP, for some seconds.</summary>
    Sleep,

    /// <summary>The connections are reset and none is taken.</summary>
    Cut,

    /// <summary>The connections stay and carry nothing.</summary>
    Hang,

    /// <summary>The memory limit is reached: every write is refused.</summary>
    Fill,

    /// <summary>It becomes a replica of nobody: every write is refused.</summary>
    MakeReplica,
}
