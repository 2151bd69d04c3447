using DashStream.Cli.Output;
using DashStream.State;

namespace DashStream.Cli.State;

/// <summary>Does what <c>state</c> was asked for and prints it.</summary>
internal sealed class StateView(StateRequest request, StateHistory history, Terminal terminal)
{
    private bool IsJson => request.Format == "json";

    public async Task<int> ShowAsync(CancellationToken cancellationToken)
    {
        var found = await history.GetAsync(request.Thread, request.At ?? StatePoint.Latest, request.Tenant, cancellationToken);
        if (IsJson)
        {
            JsonLines.Write(terminal.Out, [found.Moment], (writer, moment) => StateText.WriteMoment(writer, moment, Shown(moment)));
        }
        else
        {
            terminal.Err.WriteLine(StateText.Line(found.Moment));
            StateText.PrintState(terminal.Out, Shown(found.Moment));
        }

        return Name(found.Bad);
    }

    public async Task<int> DiffAsync(CancellationToken cancellationToken)
    {
        var from = await history.GetAsync(request.Thread, request.Diff[0], request.Tenant, cancellationToken);
        var to = await history.GetAsync(request.Thread, request.Diff[1], request.Tenant, cancellationToken);
        var patch = PatchOf(from.Moment, to.Moment);
        if (IsJson)
        {
            JsonLines.Write(terminal.Out, [patch], (writer, item) =>
            {
                StateText.WriteObject(writer, "from", from.Moment, state: null);
                StateText.WriteObject(writer, "to", to.Moment, state: null);
                StateText.WritePatch(writer, item);
            });
        }
        else
        {
            terminal.Out.Write($"from  {StateText.Line(from.Moment)}\nto    {StateText.Line(to.Moment)}\n");
            StateText.PrintPatch(terminal.Out, patch);
        }

        return Name([.. from.Bad, .. to.Bad.Where(bad => !from.Bad.Any(other => other.Position == bad.Position))]);
    }

    public async Task<int> StepsAsync(IAsyncEnumerable<StateStep> steps, CancellationToken cancellationToken)
    {
        StateMoment? last = null;
        var unknown = 0;
        await foreach (var step in steps.WithCancellation(cancellationToken))
        {
            if (step.Moment is not { } moment)
            {
                unknown++;
                terminal.Err.WriteLine($"unknown: {step.Position}: {(step.Problem is { } problem ? ErrorText.InOneLine(problem) : "")}");
                continue;
            }

            Print(moment, last);
            last = moment;
            if (request.Watch)
            {
                terminal.Out.Flush();
            }
        }

        return unknown == 0 ? ExitCodes.Ok : ExitCodes.Incomplete;
    }

    public async Task<int> CompareAsync(StateHistory other, CancellationToken cancellationToken)
    {
        var parted = await history.CompareAsync(request.Thread, other, request.Compare!, request.Tenant, cancellationToken);
        if (IsJson)
        {
            JsonLines.Write(terminal.Out, [parted], (writer, item) =>
            {
                writer.WriteBoolean("same", item is null);
                JsonLines.WriteNumberOrNull(writer, "step", item?.Step);
                StateText.WriteObject(writer, "left", item?.Left, ShownOrNull(item?.Left));
                StateText.WriteObject(writer, "right", item?.Right, ShownOrNull(item?.Right));
                StateText.WritePatch(writer, PatchOf(item));
            });
        }
        else
        {
            Print(parted);
        }

        return parted is null ? ExitCodes.Ok : ExitCodes.Different;
    }

    private void Print(StateDivergence? parted)
    {
        if (parted is null)
        {
            terminal.Out.Write("the same, change by change\n");
            return;
        }

        terminal.Out.Write($"they part at change {parted.Step}\n");
        terminal.Out.Write($"left   {(parted.Left is { } left ? StateText.Line(left) : "has ended")}\n");
        terminal.Out.Write($"right  {(parted.Right is { } right ? StateText.Line(right) : "has ended")}\n");
        if (PatchOf(parted) is { } patch)
        {
            StateText.PrintPatch(terminal.Out, patch);
        }
    }

    private void Print(StateMoment moment, StateMoment? last)
    {
        var patch = last is null ? null : PatchOf(last, moment);
        if (IsJson)
        {
            JsonLines.Write(terminal.Out, [moment], (writer, item) =>
            {
                // The first one whole, then what changed: enough to have every state.
                StateText.WriteMoment(writer, item, ShownOrNull(patch is null ? item : null));
                StateText.WritePatch(writer, patch);
            });
            return;
        }

        terminal.Out.Write(StateText.Line(moment) + "\n");
        if (patch is not null)
        {
            StateText.PrintPatch(terminal.Out, patch);
        }
    }

    private ReadOnlyMemory<byte> Shown(StateMoment moment) => request.Redaction.Json(moment.State);

    private ReadOnlyMemory<byte>? ShownOrNull(StateMoment? moment) => moment is null ? default(ReadOnlyMemory<byte>?) : Shown(moment);

    // Of what may be printed: a patch of redacted states holds nothing that they do not hold, and leads from one to the other.
    private StatePatch PatchOf(StateMoment from, StateMoment to) => StateDiffer.Compare(Shown(from), Shown(to)).Patch;

    private StatePatch? PatchOf(StateDivergence? parted) =>
        parted is { Left: { } left, Right: { } right, Patch: not null } ? PatchOf(left, right) : null;

    private int Name(IReadOnlyList<BadStateRecord> records)
    {
        foreach (var bad in records)
        {
            terminal.Err.WriteLine($"bad: {bad.Position?.ToString() ?? "stored checkpoint"}: {ErrorText.InOneLine(bad.Error)}");
        }

        return records.Count == 0 ? ExitCodes.Ok : ExitCodes.Incomplete;
    }
}
