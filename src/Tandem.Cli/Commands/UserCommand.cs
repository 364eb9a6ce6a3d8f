using System.CommandLine;
using Tandem.Client;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem user</c>: who signs in to the console.</summary>
internal static class UserCommand
{
    private static readonly string[] s_columns = ["NAME", "ROLE", "PASSWORD", "SECOND FACTOR", "LAST SIGN-IN"];

    public static Command Create() => new("user", "Add, change and remove the people who sign in to the console.")
    {
        ListVerb(),
        AddVerb(),
        PasswordVerb(),
        RoleVerb(),
        RemoveVerb(),
    };

    private static Command ListVerb()
    {
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("list", "List the users: names, roles, second factors, last sign-ins.") { data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var list = await LocalServer.AskAsync(LocalServer.Directory(parsed.GetValue(data)), c => c.ListUsersAsync(cancel));
            Output.Write(format.Of(parsed), list, [s_columns, .. list.Users.Select(Row)]);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command AddVerb()
    {
        var (name, role) = (NameArgument(), RoleOption());
        var (password, link) = (PasswordInput.Option(), LinkOption());
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("add", "Add a user, with a password or with a one-time link to choose one.") { name, role, password, link, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var directory = LocalServer.Directory(parsed.GetValue(data));
            var request = new UserAddRequest { Name = parsed.GetRequiredValue(name), Role = parsed.GetRequiredValue(role) };
            if (!parsed.GetValue(link))
            {
                request = request with { Password = await PasswordInput.ReadAsync(parsed.GetValue(password), request.Name!, cancel) };
            }

            var added = await LocalServer.AskAsync(directory, c => c.AddUserAsync(request, cancel));
            await Console.Error.WriteLineAsync($"added {added.Name}, {added.Role}");
            await HandOverAsync(added, format.Of(parsed));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command PasswordVerb()
    {
        var name = NameArgument();
        var (password, link) = (PasswordInput.Option(), LinkOption());
        var factor = new Option<bool>("--remove-second-factor") { Description = "Remove the second factor as well, when phone and recovery codes are lost." };
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("passwd", "Set a user's password, which ends their sessions; or make a one-time link to choose one.") { name, password, link, factor, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var (directory, user) = (LocalServer.Directory(parsed.GetValue(data)), parsed.GetRequiredValue(name));
            var request = new UserPasswordRequest
            {
                Password = parsed.GetValue(link) ? null : await PasswordInput.ReadAsync(parsed.GetValue(password), user, cancel),
                RemoveSecondFactor = parsed.GetValue(factor),
            };
            var changed = await LocalServer.AskAsync(directory, c => c.SetPasswordAsync(user, request, cancel));
            await Console.Error.WriteLineAsync(request.Password is null ? $"made a link for {changed.Name}" : $"set the password of {changed.Name}, whose sessions have ended");
            await HandOverAsync(changed, format.Of(parsed));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command RoleVerb()
    {
        var (name, role) = (NameArgument(), new Argument<string>("ROLE") { Description = "viewer, operator or administrator." });
        role.AcceptOnlyFromAmong("viewer", "operator", "administrator");
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("role", "Give a user another role.") { name, role, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new UserRoleRequest { Role = parsed.GetRequiredValue(role) };
            var changed = await LocalServer.AskAsync(
                LocalServer.Directory(parsed.GetValue(data)), c => c.SetRoleAsync(parsed.GetRequiredValue(name), request, cancel));
            await Console.Error.WriteLineAsync($"{changed.Name} is now {changed.Role}");
            Output.Write(format.Of(parsed), changed, [s_columns, Row(changed)]);

            return ExitCode.Done;
        });
        return command;
    }

    private static Command RemoveVerb()
    {
        var (name, yes) = (NameArgument(), TokenCommand.YesOption());
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("remove", "Remove a user, whose sessions end at once.") { name, yes, data };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var user = parsed.GetRequiredValue(name);
            await Confirm.AskAsync($"{user} will not be able to sign in any more.", parsed.GetValue(yes), cancel);
            var removed = await LocalServer.AskAsync(LocalServer.Directory(parsed.GetValue(data)), c => c.RemoveUserAsync(user, cancel));
            await Console.Error.WriteLineAsync($"removed {removed.Name}");
            Output.Write(format.Of(parsed), removed, [s_columns, Row(removed)]);

            return ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> NameArgument() => new("NAME") { Description = "What the user signs in with." };

    private static Option<bool> LinkOption() => new("--link") { Description = "Print a one-time link, good for 24 hours, with which the person chooses a password." };

    private static Option<string> RoleOption()
    {
        var role = new Option<string>("--role") { HelpName = "ROLE", Required = true, Description = "viewer (sees), operator (rotates) or administrator (all)." };
        role.AcceptOnlyFromAmong("viewer", "operator", "administrator");
        return role;
    }

    /// <summary>The link alone on standard output, so that it can go into a pipe.</summary>
    private static async Task HandOverAsync(UserInfo user, OutputFormat format)
    {
        if (format != OutputFormat.Table)
        {
            Output.Write(format, user, [[.. s_columns, "INVITATION"], [.. Row(user), user.InvitationUrl ?? "-"]]);
        }
        else if (user.InvitationUrl is { } url)
        {
            Console.Out.WriteLine(url);
            var until = user.InvitationUntil is { } end ? Print.Time(end) : "it is used";
            await Console.Error.WriteLineAsync($"next: give this link to {user.Name}; it works once, until {until}");
        }
    }

    private static string[] Row(UserInfo user) =>
    [
        user.Name,
        user.Role,
        user.HasPassword ? "set" : user.InvitationUntil is null ? "none" : "invited",
        user.HasSecondFactor ? "on" : "off",
        user.LastSignIn is { } last ? Print.Time(last) : "never",
    ];
}
