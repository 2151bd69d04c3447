namespace DashStream.Providers;

/// <summary>What was found and done when a partition was opened after a crash or on a damaged file. Also told as a health warning.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="File">The segment file.</param>
/// <param name="BytePosition">Where in it the trouble begins.</param>
/// <param name="CutBytes">Bytes of an unfinished append that were cut off the end; 0 when nothing was cut.</param>
/// <param name="LostRecords">Acknowledged records that the file no longer holds (a power failure, or somebody shortened it). Their offsets are not given out again.</param>
/// <param name="KeptIn">Side file with the cut bytes for inspection, or null when nothing was cut or it could not be written.</param>
/// <param name="Description">One sentence for people.</param>
public sealed record FileRecovery(
    string Topic, int Partition, string File, long BytePosition, long CutBytes, long LostRecords, string? KeptIn, string Description);
