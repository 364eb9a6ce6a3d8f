using System.CommandLine;
using Tandem.Client;
using Tandem.Server;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem token</c>.</summary>
internal static class TokenCommand
{
    public static Command Create() => new("token", "Look at an account's two tokens; create, promote and delete the secondary.")
    {
        ShowVerb(),
        FingerprintCommand.Create(),
        CreateVerb(),
        PromoteVerb(),
        DeleteVerb(),
        GuardVerb(),
        PauseVerb(),
    };

    public static Argument<string> SidArgument()
    {
        var sid = new Argument<string>("SID") { Description = "The account: AC and 32 hexadecimal digits." };
        sid.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !AccountSid.TryParse(token.Value.AsSpan(), out _))
            {
                result.AddError(WhyNoSid(token.Value));
            }
        });
        return sid;
    }

    /// <summary>Why a text is no Account SID, a sentence.</summary>
    public static string WhyNoSid(string text) => text.StartsWith("SK", StringComparison.Ordinal)
        ? $"'{text}' is the SID of an API key, and tokens are changed with the account's own SID and Auth Token alone."
        : $"'{text}' is no Account SID: AC and 32 hexadecimal digits.";

    public static Option<bool> YesOption() => new("--yes", "-y") { Description = "Do not ask." };

    public static (Option<string> File, Option<bool> Show) OutputOptions() => (
        new("--token-file") { HelpName = "FILE", Description = "Write the token to a new file (mode 0600; never overwrites)." },
        new("--show") { Description = "Show the token on standard output, even on a terminal." });

    /// <summary>Hands a new token over: within the data when that goes to standard output for a machine, else alone.</summary>
    public static void HandOver<T>(TokenOutput output, string token, T answer, OutputFormat format, IReadOnlyList<(string Name, string Value)> fields, string lost)
    {
        if (format != OutputFormat.Table && output.OnStandardOutput)
        {
            Output.WriteOne(format, answer, [.. fields, ("auth_token", token)]);
            return;
        }

        output.Write(token, lost);
        if (format == OutputFormat.Json)
        {
            Print.JsonWithoutToken(answer);
        }
        else if (format == OutputFormat.Tsv)
        {
            Output.WriteOne(format, answer, fields);
        }
    }

    private static Command ShowVerb()
    {
        var sid = SidArgument();
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("show", "Show both slots: fingerprints, ages, last use. Never the tokens.") { sid, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var directory = LocalServer.Directory(parsed.GetValue(data));
            var tokens = await LocalServer.AskAsync(directory, c => c.GetTokensAsync(parsed.GetRequiredValue(sid), cancel));
            Write(format.Of(parsed), tokens);
            if (tokens.Secondary is { Forgotten: true })
            {
                var at = $"{tokens.AccountSid} --data {Shell.Quote(directory)}";
                await Console.Error.WriteLineAsync($"the secondary waits for longer than it should, and works all the while. next: tandem token promote {at}, or tandem token delete {at}");
            }

            if (tokens.Primary is not null)
            {
                var readiness = await LocalServer.AskAsync(directory, c => c.GetReadinessAsync(tokens.AccountSid, cancel));
                await Console.Error.WriteLineAsync($"{ReadinessText.Sentence(readiness)}\nnext: {ReadinessText.Next(readiness, directory)}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateVerb()
    {
        var sid = SidArgument();
        var (file, show) = OutputOptions();
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("create", "Create the secondary token and hand it over, this once. The primary goes on working.") { sid, file, show, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var output = TokenOutput.Open(parsed.GetValue(file), parsed.GetValue(show));
            var directory = LocalServer.Directory(parsed.GetValue(data));
            var created = await LocalServer.AskAsync(directory, c => c.CreateSecondaryAsync(parsed.GetRequiredValue(sid), cancel));
            var at = $"{created.AccountSid} --data {Shell.Quote(directory)}";
            await Console.Error.WriteLineAsync($"created the secondary token {created.Fingerprint}; both tokens work");
            HandOver(
                output,
                created.AuthToken,
                created,
                format.Of(parsed),
                [("account_sid", created.AccountSid), ("generation", $"{created.Generation}"), ("fingerprint", created.Fingerprint), ("created", Print.Time(created.DateCreated))],
                $"Delete it and create another: tandem token delete {at}");
            await Console.Error.WriteLineAsync($"next: move every consumer to it, then: tandem token promote {at}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command PromoteVerb()
    {
        var (sid, yes) = (SidArgument(), YesOption());
        var force = new Option<bool>("--force") { Description = "Promote although the guard says that somebody would be cut off. Needs --reason." };
        var reason = new Option<string>("--reason") { HelpName = "TEXT", Description = "Why, for the audit." };
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("promote", "Put the secondary in the place of the primary, which stops working at once.") { sid, force, reason, yes, data };
        format.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(force) && string.IsNullOrWhiteSpace(result.GetValue(reason)))
            {
                result.AddError("--force needs --reason TEXT: it is kept in the audit.");
            }
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var directory = LocalServer.Directory(parsed.GetValue(data));
            var seen = await LocalServer.AskAsync(directory, c => c.GetTokensAsync(parsed.GetRequiredValue(sid), cancel));
            if (seen is { Primary: { } primary, Secondary: { } secondary })
            {
                var readiness = await LocalServer.AskAsync(directory, c => c.GetReadinessAsync(seen.AccountSid, cancel));
                await Confirm.AskAsync(
                    $"The primary token {primary.Fingerprint} of {seen.AccountSid} stops working now{Use(primary)}; {secondary.Fingerprint} takes its place. {ReadinessText.Sentence(readiness)}.", parsed.GetValue(yes), cancel);
            }

            // What was asked about is what is promoted: had the tokens changed meanwhile, the server would refuse.
            var request = new PromoteRequest { Generation = seen.Generation, Force = parsed.GetValue(force), Reason = parsed.GetValue(reason) };
            var promoted = await LocalServer.AskAsync(directory, c => c.PromoteAsync(seen.AccountSid, request, cancel));
            await Console.Error.WriteLineAsync($"promoted {promoted.Fingerprint}; {seen.Primary?.Fingerprint} is refused");
            Output.WriteOne(format.Of(parsed), promoted,
            [
                ("account_sid", promoted.AccountSid), ("generation", $"{promoted.Generation}"), ("fingerprint", promoted.Fingerprint),
                ("created", Print.Time(promoted.DateCreated)), ("promoted", Print.Time(promoted.DatePromoted)),
            ]);

            return ExitCode.Done;
        });
        return command;
    }

    private static Command DeleteVerb()
    {
        var (sid, yes) = (SidArgument(), YesOption());
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("delete", "Delete the secondary token, which stops working at once. The primary is not touched.") { sid, yes, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var directory = LocalServer.Directory(parsed.GetValue(data));
            var seen = await LocalServer.AskAsync(directory, c => c.GetTokensAsync(parsed.GetRequiredValue(sid), cancel));
            if (seen.Secondary is { } secondary)
            {
                await Confirm.AskAsync($"The secondary token {secondary.Fingerprint} of {seen.AccountSid} stops working now{Use(secondary)}.", parsed.GetValue(yes), cancel);
            }

            var left = await LocalServer.AskAsync(directory, async c =>
            {
                await c.DeleteSecondaryAsync(seen.AccountSid, cancel);
                return await c.GetTokensAsync(seen.AccountSid, cancel);
            });
            await Console.Error.WriteLineAsync($"deleted {seen.Secondary?.Fingerprint}; the primary {left.Primary?.Fingerprint} goes on working");
            Write(format.Of(parsed), left);

            return ExitCode.Done;
        });
        return command;
    }

    private static Command PauseVerb()
    {
        var sid = SidArgument();
        var length = new Option<string>("--for") { HelpName = "TIME", Description = "For how long: 5s to 5m.", DefaultValueFactory = _ => "60s" };
        var stop = new Option<bool>("--stop") { Description = "End the pause now." };
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("pause", "Rehearse the promote: for a while the check refuses the primary, and whoever still uses it shows. It ends by itself.") { sid, length, stop, data };
        format.AddTo(command);
        command.Validators.Add(result =>
        {
            if (!TryReadPause(result.GetValue(length), out _))
            {
                result.AddError("--for is a length of time from 5s to 5m.");
            }
        });
        command.SetAction(async (parsed, cancel) =>
        {
            TryReadPause(parsed.GetValue(length), out var pause);
            var (directory, account) = (LocalServer.Directory(parsed.GetValue(data)), parsed.GetRequiredValue(sid));
            var tokens = await LocalServer.AskAsync(directory, c => parsed.GetValue(stop)
                ? c.ResumePrimaryAsync(account, cancel)
                : c.PausePrimaryAsync(account, new() { Seconds = (int)pause.TotalSeconds }, cancel));
            await Console.Error.WriteLineAsync(tokens.PrimaryPausedUntil is { } until
                ? $"the check refuses the primary {tokens.Primary?.Fingerprint} until {Print.Time(until)}; Twilio's paths and /tandem/v1 still accept it\nend it now: tandem token pause {account} --stop --data {Shell.Quote(directory)}"
                : $"the check accepts the primary {tokens.Primary?.Fingerprint} again");
            Write(format.Of(parsed), tokens);

            return ExitCode.Done;
        });
        return command;
    }

    private static bool TryReadPause(string? text, out TimeSpan pause) =>
        Length.TryParse(text ?? "", out pause) && pause >= Rotation.ShortestPause && pause <= Rotation.LongestPause;

    private static Command GuardVerb()
    {
        var sid = SidArgument();
        var guard = new Argument<string>("off|enforce") { Description = "enforce: refuse a promote while not everyone is seen to have moved, unless it is forced." };
        guard.AcceptOnlyFromAmong("off", "enforce");
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("guard", "Switch the promote guard of an account.") { sid, guard, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new PromoteGuardRequest { PromoteGuard = parsed.GetRequiredValue(guard) };
            var tokens = await LocalServer.AskAsync(
                LocalServer.Directory(parsed.GetValue(data)), c => c.SetPromoteGuardAsync(parsed.GetRequiredValue(sid), request, cancel));
            await Console.Error.WriteLineAsync($"the promote guard of {tokens.AccountSid} is {(tokens.PromoteGuard is "enforce" ? "on" : "off")}");
            Write(format.Of(parsed), tokens);

            return ExitCode.Done;
        });
        return command;
    }

    private static void Write(OutputFormat format, AccountTokens tokens) =>
        Output.Write(format, tokens, [["SLOT", "TOKEN", "AGE", "CREATED", "LAST USE"], Row("primary", tokens.Primary), Row("secondary", tokens.Secondary)]);

    /// <summary>A use that was not seen is no proof that there was none, so then nothing is said.</summary>
    private static string Use(TokenInfo token) => token.LastUse is { } last ? $" (last used {Print.Time(last)})" : "";

    private static string[] Row(string slot, TokenInfo? token) => token is null ? [slot, "none", "-", "-", "-"]
        : [slot, token.Fingerprint, Print.Span(TimeSpan.FromSeconds(token.AgeSeconds)), Print.Time(token.DateCreated), token.LastUse is { } last ? Print.Time(last) : "none seen"];
}
