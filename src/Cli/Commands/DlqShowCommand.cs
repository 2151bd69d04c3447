using System.CommandLine;
using DashStream.Cli.DeadLetters;
using DashStream.Cli.Output;
using DashStream.Cli.Secrets;
using Google.Protobuf;

namespace DashStream.Cli.Commands;

/// <summary><c>dlq show LETTER</c>: all of one letter, its message decoded or its bytes in hexadecimal digits.</summary>
internal static class DlqShowCommand
{
    public static Command Make(Terminal terminal, ProviderFactory stores)
    {
        var letter = DlqCommand.Letter();
        var from = CommonOptions.From();
        var topic = DlqCommand.Topic();
        var format = CommonOptions.Format("text", "text", "json", "message");
        format.Description = "How to print: text, json (all of it in one line), message (the form that edit --message reads)";
        var payload = new Option<FileInfo>("--payload") { Description = "Write the payload's bytes, as they are stored, to this file as well", HelpName = "FILE" };
        var showSecrets = ReportRedaction.ShowSecrets();
        var command = new Command("show", "Show one dead letter") { letter, from, topic, format, payload, showSecrets };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var store = stores.OpenExisting(parsed.GetRequiredValue(from));
            var letters = new DeadLetterReader(store.Provider, parsed.GetRequiredValue(topic));
            var found = await DlqCommand.FindAsync(letters, parsed.GetRequiredValue(letter), cancellationToken);
            if (parsed.GetValue(payload) is { } file)
            {
                await File.WriteAllBytesAsync(file.FullName, found.Document.Payload, cancellationToken);
            }

            Print(found, parsed.GetValue(format)!, ReportRedaction.Of(parsed.GetValue(showSecrets)), terminal);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Print(StoredDeadLetter letter, string format, ReportRedaction redaction, Terminal terminal)
    {
        var text = new LetterText(redaction);
        switch (format)
        {
            case "json":
                JsonLines.Write(terminal.Out, [letter], (writer, item) =>
                {
                    text.WriteMembers(writer, item);
                    text.WriteContent(writer, item);
                });
                break;
            case "message":
                var message = LetterText.MessageOf(letter) ?? throw new StreamException(StreamErrorKind.Corrupt,
                    $"The payload of dead letter '{letter.Id}' is no message that can be decoded; take its bytes with --payload FILE.");
                if (redaction.Message(message) != message)
                {
                    // It would be sent so: the secret would be gone from the message for good, without a word.
                    throw new UsageException("the message holds what redaction takes out, and edit would send it without; print it as it is stored with --show-secrets.");
                }

                terminal.Out.WriteLine(JsonFormatter.Default.Format(message));
                break;
            default:
                text.Print(terminal.Out, letter);
                break;
        }
    }
}
