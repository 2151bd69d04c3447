namespace DashStream;

/// <summary>What waits in a spool, for health and for people.</summary>
/// <param name="Letters">Letters that wait to be stored.</param>
/// <param name="Bytes">Their bytes on the disk.</param>
/// <param name="PutAside">Files put aside: damaged, or refused for good by the provider. They stay until somebody looks at them.</param>
/// <param name="LastError">Why the last attempt to store one failed; null when there was none, or a later one succeeded.</param>
public sealed record DeadLetterSpoolStatus(int Letters, long Bytes, int PutAside, Exception? LastError);
