using System.Buffers;
using System.CommandLine;
using System.Text;
using DashStream.Cli.Secrets;
using DashStream.Protocol;
using Google.Protobuf;

namespace DashStream.Cli.Commands;

/// <summary><c>dlq edit LETTER</c>: changes what a replay of the letter will send. The letter's id stays.</summary>
internal static class DlqEditCommand
{
    public static Command Make(Terminal terminal, ProviderFactory stores)
    {
        var letter = DlqCommand.Letter();
        var from = CommonOptions.From();
        var topic = DlqCommand.Topic();
        var payload = new Option<FileInfo>("--payload") { Description = "Take the payload's bytes from this file", HelpName = "FILE" }.AcceptExistingOnly();
        var message = new Option<FileInfo>("--message") { Description = "Take the message from this file, in the form that show --format message prints with --show-secrets", HelpName = "FILE" }.AcceptExistingOnly();
        var key = new Option<string>("--key") { Description = "Another key", HelpName = "TEXT" };
        var set = new Option<string[]>("--set-header") { Description = "Set a header of the message (may be repeated)", HelpName = "NAME=TEXT" };
        set.Validators.Add(result => CommonOptions.ForValue(result, value =>
            value.IndexOf('=', StringComparison.Ordinal) > 0 ? null : "--set-header is not NAME=TEXT"));
        var remove = new Option<string[]>("--remove-header") { Description = "Remove a header of the message (may be repeated)", HelpName = "NAME" };
        var command = new Command("edit", "Change the message of a dead letter: payload, key, headers") { letter, from, topic, payload, message, key, set, remove };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var edit = new Edit(parsed.GetValue(payload), parsed.GetValue(message), parsed.GetValue(key), parsed.GetValue(set) ?? [], parsed.GetValue(remove) ?? []);
            edit.Validate();
            await using var store = stores.OpenExisting(parsed.GetRequiredValue(from));
            var letters = new DeadLetterReader(store.Provider, parsed.GetRequiredValue(topic));
            var found = await DlqCommand.FindAsync(letters, parsed.GetRequiredValue(letter), cancellationToken);
            var position = await new DeadLetterEditor(letters).EditAsync(found, await edit.ApplyAsync(found, cancellationToken), cancellationToken);
            terminal.Out.WriteLine($"{found.Id} {position}");
            return terminal.Say($"edited; send it with: dashstream dlq replay --id {found.Id}", ExitCodes.Ok);
        });
        return command;
    }

    private sealed record Edit(FileInfo? Payload, FileInfo? Message, string? Key, string[] Set, string[] Remove)
    {
        public void Validate()
        {
            if (Payload is not null && Message is not null)
            {
                throw new UsageException("--payload and --message both give the payload; use one.");
            }

            if (Payload is null && Message is null && Key is null && Set.Length + Remove.Length == 0)
            {
                throw new UsageException("nothing to change: use --payload, --message, --key, --set-header or --remove-header.");
            }
        }

        public async Task<StreamRecord> ApplyAsync(StoredDeadLetter letter, CancellationToken cancellationToken)
        {
            var names = Set.Select(text => text[..text.IndexOf('=', StringComparison.Ordinal)]).Concat(Remove).ToHashSet(StringComparer.OrdinalIgnoreCase);
            StreamHeader[] headers =
            [
                .. letter.OriginalHeaders.Where(header => !names.Contains(header.Name)),
                .. Set.Select(text => text.Split('=', 2)).Select(pair => new StreamHeader(pair[0], pair[1])),
            ];
            return new StreamRecord(
                Key is null ? letter.OriginalKey : Encoding.UTF8.GetBytes(Key),
                await PayloadAsync(letter, cancellationToken),
                StreamHeaders.Create(headers));
        }

        private async Task<ReadOnlyMemory<byte>?> PayloadAsync(StoredDeadLetter letter, CancellationToken cancellationToken)
        {
            if (Payload is not null)
            {
                return await File.ReadAllBytesAsync(Payload.FullName, cancellationToken);
            }

            return Message is null ? letter.ToOriginal().Value : Encode(await File.ReadAllTextAsync(Message.FullName, cancellationToken), Message);
        }

        private static ReadOnlyMemory<byte> Encode(string json, FileInfo file)
        {
            try
            {
                var message = JsonParser.Default.Parse<DashStreamMessage>(json);
                var buffer = new ArrayBufferWriter<byte>();
                new MessageCodec(new MessageCodecOptions()).Encode(message, buffer);
                return buffer.WrittenMemory;
            }
            catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException)
            {
                throw new UsageException($"'{file.Name}' is no message: {ReportRedaction.On.Text(e.Message)}");
            }
        }
    }
}
