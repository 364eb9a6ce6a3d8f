using System.CommandLine;
using Tandem.Client;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem verify-signature</c>.</summary>
internal static class VerifySignatureCommand
{
    public static Command Create()
    {
        var url = new Argument<string>("URL") { Description = "The URL that Twilio called: https://host/path?query, as in the webhook's settings." };
        var signature = new Option<string>("--signature") { HelpName = "VALUE", Required = true, Description = "What the header X-Twilio-Signature held." };
        var param = new Option<string[]>("--param") { HelpName = "NAME=VALUE", Description = "A field of the form, decoded; repeat it for each." };
        var body = new Option<string>("--body") { HelpName = "FILE", Description = "The raw body, with - from standard input: a form, or what the URL's bodySHA256 is the hash of." };
        var (tokens, format) = (new GivenTokens("Webhooks are signed with the Auth Token alone."), new Output());
        var command = new Command("verify-signature", "Check a webhook's X-Twilio-Signature, say which token made it, or why it does not match. Asks nobody.") { url, signature, param, body };
        tokens.AddTo(command);
        format.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(param) is { Length: > 0 } given && (result.GetValue(body) is not null || given.Any(p => p.IndexOf('=', StringComparison.Ordinal) < 1)))
            {
                result.AddError(result.GetValue(body) is not null ? "--param and --body are two ways to give the same. Keep one." : "--param is NAME=VALUE.");
            }
        });
        command.SetAction(parsed =>
        {
            if (tokens.ReadsStandardInput(parsed) && parsed.GetValue(body) is "-")
            {
                throw new CommandException(ExitCode.Usage, "The token and the body cannot both come by standard input. Nothing was done. Put one into a file.");
            }

            var request = parsed.GetValue(param) is { Length: > 0 } fields
                ? new WebhookRequest(parsed.GetRequiredValue(url), [.. fields.Select(Field)], null)
                : WebhookRequest.Of(parsed.GetRequiredValue(url), ReadBody(parsed.GetValue(body)));
            var found = Verify(tokens.Read(parsed, AccountOf(request)), request, parsed.GetRequiredValue(signature));
            Output.WriteOne(format.Of(parsed), found, CliJson.Default.SignatureInfo,
            [
                ("valid", found.Valid ? "yes" : "no"), ("signed_by", found.SignedBy ?? "-"), ("fingerprint", found.Fingerprint ?? "-"),
                ("signed_url", found.SignedUrl ?? "-"), ("causes", found.Causes is { Count: > 0 } causes ? string.Join("; ", causes) : "-"),
            ]);
            return found.Valid ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static SignatureInfo Verify(IReadOnlyList<GivenToken> tokens, WebhookRequest request, string signature)
    {
        if (tokens.FirstOrDefault(t => WebhookSignature.Matches(t.Text, request, signature)) is { } signer)
        {
            Console.Error.WriteLine($"signed by {signer}{(tokens.Count > 1 ? ", and by no other" : "")}");
            return new(true, signer.Source, signer.Fingerprint, request.Url, []);
        }

        var all = string.Join(" and ", tokens);
        if (SignatureMismatch.Explain([.. tokens.Select(t => t.Text)], request, signature) is not { } mismatch)
        {
            Console.Error.WriteLine(
                $"Not signed by {all}, and no usual cause explains it. Twilio signs with the primary token of the account whose webhook it is, a subaccount's own, until another is promoted; "
                + "and it signs the URL that it calls, not the one that the application sees. If token, URL and body are right, Twilio has not sent this. next: tandem token fingerprint tells tokens apart");
            return new(false, null, null, null, []);
        }

        var by = tokens[mismatch.Token];
        Console.Error.WriteLine($"Not signed by {all}. It would match {by} at {mismatch.Url}, had {string.Join(", and had ", mismatch.Causes)}.");
        return new(false, by.Source, by.Fingerprint, mismatch.Url, mismatch.Causes);
    }

    private static KeyValuePair<string, string> Field(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return KeyValuePair.Create(text[..equals], text[(equals + 1)..]);
    }

    /// <summary>The account whose webhook it is: what the form says, else the environment.</summary>
    private static string? AccountOf(WebhookRequest request) =>
        new[] { request.Form.FirstOrDefault(f => f.Key is "AccountSid").Value, Environment.GetEnvironmentVariable("TWILIO_ACCOUNT_SID") }
            .FirstOrDefault(sid => sid is not null && AccountSid.TryParse(sid.AsSpan(), out _));

    private static byte[] ReadBody(string? file)
    {
        try
        {
            return file switch { null => [], "-" => ReadStandardInput(), _ => File.ReadAllBytes(file) };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Usage, $"--body cannot be read: {e.Message} Nothing was done.", e);
        }
    }

    private static byte[] ReadStandardInput()
    {
        using var all = new MemoryStream();
        using var input = Console.OpenStandardInput();
        input.CopyTo(all);
        return all.ToArray();
    }
}
