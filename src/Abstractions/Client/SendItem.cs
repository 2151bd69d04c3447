using DashStream.Protocol;

namespace DashStream.Client;

/// <summary>A message on its way through the steps of a send.</summary>
/// <param name="Message">What to send; with redaction on, the redacted copy.</param>
internal readonly record struct SendItem(DashStreamMessage Message);
