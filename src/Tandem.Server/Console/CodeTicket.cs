using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>Says on the page for the code whose password was right a moment ago: sealed, for five minutes, and void with another password.</summary>
internal static class CodeTicket
{
    private const string Purpose = "code ticket";

    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(5);

    public static string Create(PageRequest page, User user) => Ticket.Create(page, Purpose, $"{user.Name} {OneTimeSecret.Hash(user.PasswordHash)}");

    /// <summary>Whose, and which password it was (<see cref="SignIn.ProveCodeAsync"/>); null when it is none, or too old.</summary>
    public static (string Name, string Password)? Read(PageRequest page, string ticket) =>
        Ticket.Read(page, Purpose, ticket, Lasts)?.Split(' ') is [var name, var password] ? (name, password) : null;
}
