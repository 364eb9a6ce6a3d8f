using System.CommandLine;
using System.Runtime.CompilerServices;
using Tandem.Client;
using Tandem.Rotations;

namespace Tandem.Cli.Doctor;

/// <summary>Who makes the tokens, Twilio or a Tandem server that was named: whether it answers, and what the token at hand is to it. Only reads.</summary>
internal sealed class IssuerCheckup(RotateOptions options, ParseResult parsed) : ICheckup
{
    public async IAsyncEnumerable<Finding> ExamineAsync(Subject subject, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (Read() is not { Target.Value: { } target } settings)
        {
            yield break; // what is wrong with the settings, the rotations' checks have said
        }

        var check = target is "twilio" ? "twilio" : "token server";
        Finding found;
        try
        {
            found = await Failures.InWordsAsync(() => AskAsync(check, settings, cancel));
        }
        catch (CommandException e)
        {
            found = Finding.Fail(check, e.Message);
        }

        yield return found;
    }

    private static async Task<Finding> AskAsync(string check, RotateSettings settings, CancellationToken cancel)
    {
        using var issuer = settings.CreateIssuer();
        var (token, source) = settings.Sid.Value is null ? default : settings.ReadToken();

        // Without a token of ours a wrong one is asked about: a refusal is an answer as well.
        var asked = token ?? HeldToken.Read(settings.Sid.Value ?? "AC00000000000000000000000000000000", new string('0', 32), "doctor");
        try
        {
            return (await issuer.CheckAsync(asked, cancel), token) switch
            {
                (_, null) => Finding.Warn(check, $"{issuer.Name} answers. There is no {(settings.Sid.Value is null ? "account" : "token")} to ask about.", "set TWILIO_ACCOUNT_SID, and TWILIO_AUTH_TOKEN or TWILIO_AUTH_TOKEN_FILE"),
                (TokenStanding.Primary, _) => Finding.Ok(check, $"{issuer.Name} takes the token {token} ({source}) as the primary of {token.Sid}."),
                (TokenStanding.Secondary, _) => Finding.Warn(check, $"{issuer.Name} takes the token {token} ({source}), and it is not the primary of {token.Sid}: a rotation is begun with the primary.", "give the primary in TWILIO_AUTH_TOKEN"),
                _ => Finding.Fail(check, $"{issuer.Name} refuses the token {token} ({source}) of {token.Sid}: it is neither of its two.", "set TWILIO_AUTH_TOKEN to the one in force; tandem token fingerprint tells tokens apart"),
            };
        }
        catch (TwilioException e) when (e.Status == 429)
        {
            return Finding.Warn(check, $"{issuer.Name} answers, and has too much to do to say whether it takes the token (429).", "run it again in a minute");
        }
        catch (TwilioException e)
        {
            return Finding.Fail(check, e.NotSent ? $"{e.Message} Is it reachable from here?" : $"{issuer.Name}: {e.Message}", "look at the network and the proxy variables");
        }
    }

    private RotateSettings? Read()
    {
        try
        {
            return new(options, parsed);
        }
        catch (Exception e) when (e is CommandException or RotationException)
        {
            return null;
        }
    }
}
