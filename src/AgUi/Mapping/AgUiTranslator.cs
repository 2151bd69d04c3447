using System.Text.Json;
using DashStream.Protocol;

namespace DashStream.AgUi;

/// <summary>
/// Turns the messages of one thread, in their order, into AG-UI events. What <see cref="AgUiRecorder"/> recorded comes back as it was. What a
/// <see cref="DashStreamRun"/> or anybody else recorded becomes a stream that keeps the protocol: runs, steps, text messages, tool calls, states and thoughts as
/// such, the rest as CUSTOM events named <c>dashstream.*</c>; what is open is ended before its run finishes. Not safe to use concurrently.
/// </summary>
public sealed class AgUiTranslator
{
    private readonly AgUiRestorer _restorer = new();
    private readonly AgUiRunEvents _run = new();

    /// <summary>What the translation holds, where that is little enough to begin again from it (<see cref="AgUiQuiet"/>); else null.</summary>
    internal char? Quiet => _restorer.IsActive ? _restorer.Quiet : _run.Quiet;

    /// <summary>Begins in the middle of a thread, where the translation held that.</summary>
    internal void BeginAt(char quiet)
    {
        if (quiet == AgUiQuiet.Finished)
        {
            _run.BeginFinished();
        }
        else if (quiet != AgUiQuiet.Nothing)
        {
            _restorer.BeginAt(quiet);
        }
    }

    /// <summary>The events that a message becomes; none for one that only prepares others or says nothing that AG-UI knows.</summary>
    /// <param name="message">The next message of the thread.</param>
    public IReadOnlyList<AgUiEvent> Translate(DashStreamMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.EventBatch is { } batch)
        {
            return [.. batch.Events.SelectMany(one => Translate(new DashStreamMessage { Event = one }))];
        }

        try
        {
            if (_restorer.TryRestore(message, out var found))
            {
                return found is null ? [] : [found];
            }
        }
        catch (Exception e) when (e is JsonException or StreamException or FormatException or InvalidOperationException or OverflowException)
        {
            // Marks or states that are none of the recorder's: told as what they are.
            _restorer.Drop();
            return [AgUiCustom.Of(message)];
        }

        if (!_restorer.IsActive)
        {
            return _run.Translate(message);
        }

        // Somebody else's, in a thread that was recorded from AG-UI.
        return _restorer.IsRunOpen ? [AgUiCustom.Of(message)] : [];
    }
}
