using Tandem.Server.People;

namespace Tandem.Server.Console;

/// <summary>What the two fields for a new password show.</summary>
/// <param name="WrongField">The field that something is wrong with; null when nothing is.</param>
/// <param name="Wrong">What is wrong.</param>
public sealed record NewPasswordModel(string? WrongField, string? Wrong)
{
    /// <summary>Characters, at least.</summary>
    public const int Least = Passwords.Least;
}

/// <summary>What the choice of a role shows.</summary>
/// <param name="Chosen">The role that is chosen.</param>
public sealed record RolesModel(UserRole Chosen)
{
    /// <summary>The roles, with what each may do.</summary>
    public static IReadOnlyList<(UserRole Role, string Hint)> All { get; } =
    [
        (UserRole.Viewer, "Sees everything but tokens, changes nothing."),
        (UserRole.Operator, "Rotates tokens and decides about consumers."),
        (UserRole.Administrator, "Accounts, users and settings as well."),
    ];
}
