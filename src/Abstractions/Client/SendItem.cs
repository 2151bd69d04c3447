using System.Diagnostics;
using DashStream.Protocol;

namespace DashStream.Client;

/// <summary>A message on its way through the steps of a send.</summary>
/// <param name="Message">What to send; with redaction on, the redacted copy.</param>
/// <param name="Trace">The span whose context the record carries; null means none.</param>
/// <param name="IsRedacted">Whether it is one that differs from the caller's.</param>
/// <param name="Ticket">Says whether a posted message may still be handed over; null when nobody may drop it.</param>
internal readonly record struct SendItem(DashStreamMessage Message, Activity? Trace, bool IsRedacted = false, PostTicket? Ticket = null);
