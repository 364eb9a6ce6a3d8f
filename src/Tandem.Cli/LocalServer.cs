using System.CommandLine;
using Tandem.Client;
using Tandem.Server;
using Tandem.Server.Listeners;

namespace Tandem.Cli;

/// <summary>The server of a data directory, as the other verbs find it: by its administration socket.</summary>
internal static class LocalServer
{
    /// <summary>The options that every verb has which asks a server.</summary>
    public static Option<string> DataOption() =>
        new("--data") { HelpName = "DIR", Description = "The server's data directory. [default: $TANDEM_DATA, else ./tandem-data]" };

    /// <summary>The directory that was named, absolute.</summary>
    public static string Directory(string? given)
    {
        var named = given is { Length: > 0 } ? given : Environment.GetEnvironmentVariable(Settings.Data.Variable);
        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(named is { Length: > 0 } ? named : ServeSettings.DefaultData));
    }

    /// <summary>Asks the server, and puts its refusals in words.</summary>
    public static async Task<T> AskAsync<T>(string directory, Func<TandemClient, Task<T>> ask, TimeSpan? patience = null)
    {
        var path = AdminSocket.PathIn(directory);
        try
        {
            using var client = TandemClient.OverSocket(path, patience);
            return await ask(client);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new CommandException(ExitCode.Usage, $"The path {path} is too long for a Unix socket, so no server can run there. Name a shorter directory: --data DIR", e);
        }
        catch (TandemException e)
        {
            throw Explain(e, directory, path);
        }
    }

    /// <summary>Asks the server if one runs; null when none does.</summary>
    public static async Task<T?> AskIfRunningAsync<T>(string directory, Func<TandemClient, Task<T>> ask)
        where T : class
    {
        var asked = false;
        try
        {
            return await AskAsync(directory, client =>
            {
                asked = true;
                return ask(client);
            },
            TimeSpan.FromHours(1)); // it takes as long as there is much
        }
        catch (CommandException e) when (asked && e.InnerException is TandemException { Kind: TandemException.NotRunning })
        {
            return null;
        }
    }

    private static CommandException Explain(TandemException e, string directory, string socket) => e.Kind switch
    {
        TandemException.NotRunning => new(ExitCode.Failed,
            $"No server runs on the data directory {directory} (nobody answers at {socket}). Nothing was changed. Start it: tandem serve --data {Shell.Quote(directory)} — or name another directory: --data DIR", e),
        TandemException.Forbidden => new(ExitCode.Forbidden,
            $"This user may not administrate the server of {directory}: its socket is for the server's own user and root. Nothing was changed. Run the command as that user (ls -l {Shell.Quote(directory)} says who), for example with sudo -u."),
        TandemException.Broken => new(ExitCode.Failed, $"{e.Message} If something was to be changed, it may have happened. Look: tandem account list --data {Shell.Quote(directory)}"),
        "user_not_found" => new(ExitCode.Precondition, $"{e.Message} Nothing was changed. See which there are: tandem user list --data {Shell.Quote(directory)}"),
        "account_not_found" => new(ExitCode.Precondition, $"{e.Message} Nothing was changed. See which there are: tandem account list --data {Shell.Quote(directory)}"),
        "secondary_exists" or "no_secondary" or "generation_changed" or "account_closed" or "account_exists" or "not_permitted" or "not_ready" or "not_paused" or "limit_reached" or "user_exists" or "last_administrator" =>
            new(ExitCode.Precondition, $"{e.Message}{(e.Message.Contains("Nothing was", StringComparison.Ordinal) || e.Kind is "not_ready" ? "" : " Nothing was changed.")}{Next(e.Kind)}"),
        "invalid_request" => new(ExitCode.Usage, $"{e.Message} Nothing was changed. See the command's --help."),
        _ => new(ExitCode.Failed, e.Message),
    };

    private static string Next(string kind) => kind switch
    {
        "secondary_exists" => " Promote it: tandem token promote SID. Delete it: tandem token delete SID",
        "no_secondary" => " Create one: tandem token create SID",
        "not_ready" => " Or here: tandem token promote SID --force --reason TEXT",
        "generation_changed" => " Look again: tandem token show SID",
        _ => "",
    };
}
