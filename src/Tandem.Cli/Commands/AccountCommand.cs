using System.CommandLine;
using Tandem.Client;
using Tandem.Server;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem account</c>.</summary>
internal static class AccountCommand
{
    public static Command Create() => new("account", "Create, list and change accounts.")
    {
        CreateVerb(),
        ListVerb(),
        ShowVerb(),
        StatusVerb("suspend", "suspended", "Refuse both tokens until the account is activated again."),
        StatusVerb("activate", "active", "Accept the tokens of a suspended account again."),
        CloseVerb(),
    };

    private static Command CreateVerb()
    {
        var name = new Option<string>("--name") { HelpName = "NAME", Description = "What people call it; at most 64 characters." };
        var parent = new Option<string>("--parent") { HelpName = "SID", Description = "Make it a subaccount of this account." };
        var (file, show) = TokenCommand.OutputOptions();
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("create", "Create an account and hand over its token, this once.") { name, parent, file, show, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var output = TokenOutput.Open(parsed.GetValue(file), parsed.GetValue(show));
            var directory = LocalServer.Directory(parsed.GetValue(data));
            var asked = new AccountCreateRequest { FriendlyName = parsed.GetValue(name), ParentSid = parsed.GetValue(parent) };
            var created = await LocalServer.AskAsync(directory, c => c.CreateAccountAsync(asked, cancel));
            await Console.Error.WriteLineAsync($"created {created.Sid} ({created.FriendlyName}), primary token {created.Fingerprint}");
            TokenCommand.HandOver(output, created.AuthToken, created, format.Of(parsed), [.. Fields(created), ("fingerprint", created.Fingerprint)],
                $"Make another: tandem token create {created.Sid} --data {Shell.Quote(directory)}, then promote it.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command ListVerb()
    {
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("list", "List all accounts, newest first.") { data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var accounts = await LocalServer.AskAsync(LocalServer.Directory(parsed.GetValue(data)), client => client.ListAllAccountsAsync(cancel));
            Output.Write(format.Of(parsed), new AccountList { Accounts = accounts },
            [
                ["SID", "STATUS", "PARENT", "CREATED", "NAME"],
                .. accounts.Select(a => new[] { a.Sid, a.Status, a.ParentSid ?? "-", Print.Time(a.DateCreated), a.FriendlyName }),
            ]);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command ShowVerb()
    {
        var sid = TokenCommand.SidArgument();
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("show", "Show an account.") { sid, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var account = await LocalServer.AskAsync(LocalServer.Directory(parsed.GetValue(data)), c => c.GetAccountAsync(parsed.GetRequiredValue(sid), cancel));
            Output.WriteOne(format.Of(parsed), account, Fields(account));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command StatusVerb(string verb, string status, string description)
    {
        var sid = TokenCommand.SidArgument();
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command(verb, description) { sid, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var account = await LocalServer.AskAsync(
                LocalServer.Directory(parsed.GetValue(data)), c => c.UpdateAccountAsync(parsed.GetRequiredValue(sid), new() { Status = status }, cancel));
            Output.WriteOne(format.Of(parsed), account, Fields(account));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CloseVerb()
    {
        var (sid, yes) = (TokenCommand.SidArgument(), TokenCommand.YesOption());
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("close", "Close an account for good: both tokens are erased.") { sid, yes, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var directory = LocalServer.Directory(parsed.GetValue(data));
            var (account, tokens) = await LocalServer.AskAsync(directory, async c =>
                (await c.GetAccountAsync(parsed.GetRequiredValue(sid), cancel), await c.GetTokensAsync(parsed.GetRequiredValue(sid), cancel)));
            if (tokens.Primary is { } primary)
            {
                var dying = tokens.Secondary is { } secondary ? $"the tokens {primary.Fingerprint} and {secondary.Fingerprint} stop" : $"the token {primary.Fingerprint} stops";
                await Confirm.AskAsync($"Closing {account.Sid} ({account.FriendlyName}) is final: {dying} working at once, and so do those of its subaccounts.", parsed.GetValue(yes), cancel);
            }

            var closed = await LocalServer.AskAsync(directory, c => c.UpdateAccountAsync(account.Sid, new() { Status = "closed" }, cancel));
            Output.WriteOne(format.Of(parsed), closed, Fields(closed));
            return ExitCode.Done;
        });
        return command;
    }

    private static IReadOnlyList<(string Name, string Value)> Fields(AccountFields account) =>
    [
        ("sid", account.Sid),
        ("name", account.FriendlyName),
        ("status", account.Status),
        ("parent", account.ParentSid ?? "-"),
        ("created", Print.Time(account.DateCreated)),
        ("updated", Print.Time(account.DateUpdated)),
        ("generation", $"{account.Generation}"),
    ];
}
