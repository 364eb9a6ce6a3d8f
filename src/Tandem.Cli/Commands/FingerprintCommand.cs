using System.CommandLine;
using Tandem.Client;
using Tandem.Rotations;
using Tandem.Server.Listeners;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem token fingerprint</c>.</summary>
internal static class FingerprintCommand
{
    public static Command Create()
    {
        var sid = TokenCommand.SidArgument();
        sid.Arity = ArgumentArity.ZeroOrOne;
        sid.Description = "The account. [default: $TWILIO_ACCOUNT_SID, else every account of the server]";
        var (tokens, data, format) = (new GivenTokens("It has no fingerprint: only Auth Tokens have."), LocalServer.DataOption(), new Output());
        var command = new Command("fingerprint", "Tell which token this is, by its fingerprint; and which slot has it, when a server is there. The token is sent nowhere.") { sid, data };
        tokens.AddTo(command);
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var named = parsed.GetValue(sid) ?? Environment.GetEnvironmentVariable("TWILIO_ACCOUNT_SID");
            var found = named is { Length: > 0 }
                ? await OfAccountAsync(tokens, parsed, Canonical(named), LocalServer.Directory(parsed.GetValue(data)), cancel)
                : await OfEveryAccountAsync(tokens, parsed, LocalServer.Directory(parsed.GetValue(data)), cancel);
            Output.Write(format.Of(parsed), found, CliJson.Default.IReadOnlyListFingerprintInfo,
            [
                ["TOKEN", "ACCOUNT", "SLOT", "FROM"],
                .. found.Select(f => new[] { f.Fingerprint, f.AccountSid, f.Slot ?? "-", f.Source }),
            ]);
            return ExitCode.Done;
        });
        return command;
    }

    private static string Canonical(string sid) => AccountSid.TryParse(sid.AsSpan(), out var account) ? account.ToString()
        : throw new CommandException(ExitCode.Usage, $"TWILIO_ACCOUNT_SID names no account: {TokenCommand.WhyNoSid(sid)} Nothing was done.");

    private static async Task<IReadOnlyList<FingerprintInfo>> OfAccountAsync(GivenTokens tokens, ParseResult parsed, string sid, string directory, CancellationToken cancel)
    {
        var given = tokens.Read(parsed, sid);
        AccountTokens? slots = null;
        try
        {
            using var client = TandemClient.OverSocket(AdminSocket.PathIn(directory));
            slots = await client.GetTokensAsync(sid, cancel);
        }
        catch (Exception e) when (e is TandemException or ArgumentOutOfRangeException)
        {
            var why = e is TandemException { Kind: "account_not_found" } ? $"the server of {directory} has no such account" : $"no server of {directory} could be asked";
            await Console.Error.WriteLineAsync($"{why}, so which slot has it is not known. A fingerprint needs none: it is the same everywhere");
        }

        return [.. given.Select(t => new FingerprintInfo(t.Fingerprint!, sid, slots is null ? null : SlotOf(slots, t.Fingerprint!) ?? "none", t.Source))];
    }

    /// <summary>The account is part of a fingerprint, so without one each account of the server is tried.</summary>
    private static async Task<IReadOnlyList<FingerprintInfo>> OfEveryAccountAsync(GivenTokens tokens, ParseResult parsed, string directory, CancellationToken cancel)
    {
        if (!File.Exists(AdminSocket.PathIn(directory)))
        {
            throw new CommandException(ExitCode.Usage, $"Of which account? A fingerprint is made of SID and token, and no server runs on {directory} whose accounts could be tried. Name it: tandem token fingerprint AC…, or set TWILIO_ACCOUNT_SID.");
        }

        var given = tokens.Read(parsed, sid: null);
        var found = await LocalServer.AskAsync(directory, async client =>
        {
            var holders = new List<FingerprintInfo>();
            foreach (var account in (await client.ListAllAccountsAsync(cancel)).Where(a => a.Status is not "closed"))
            {
                var slots = await client.GetTokensAsync(account.Sid, cancel);
                holders.AddRange(
                    from token in given
                    let fingerprint = HeldToken.Read(account.Sid, token.Text, token.Source).Fingerprint
                    let slot = SlotOf(slots, fingerprint)
                    where slot is not null
                    select new FingerprintInfo(fingerprint, account.Sid, slot, token.Source));
            }

            return holders;
        });
        await Console.Error.WriteLineAsync(found.Count == 0 ? "no account of this server has it"
            : "compared by fingerprint, four digits: of every 65,536 accounts one has the same by chance");
        return found;
    }

    private static string? SlotOf(AccountTokens slots, string fingerprint) =>
        string.Equals(slots.Primary?.Fingerprint, fingerprint, StringComparison.Ordinal) ? "primary"
        : string.Equals(slots.Secondary?.Fingerprint, fingerprint, StringComparison.Ordinal) ? "secondary"
        : null;
}
