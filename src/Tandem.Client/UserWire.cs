namespace Tandem.Client;

/// <summary>A one-time link to create the first administrator.</summary>
public sealed record SetupLinkInfo
{
    /// <summary>The link; its fragment is a secret.</summary>
    public required string Url { get; init; }

    /// <summary>When it is no longer taken.</summary>
    public required DateTimeOffset ValidUntil { get; init; }
}

/// <summary>Somebody who signs in to the console.</summary>
public sealed record UserInfo
{
    /// <summary>What they sign in with.</summary>
    public required string Name { get; init; }

    /// <summary><c>viewer</c>, <c>operator</c> or <c>administrator</c>.</summary>
    public required string Role { get; init; }

    /// <summary>Whether a password was set.</summary>
    public required bool HasPassword { get; init; }

    /// <summary>Whether there is a second factor.</summary>
    public required bool HasSecondFactor { get; init; }

    /// <summary>When they were added.</summary>
    public required DateTimeOffset DateCreated { get; init; }

    /// <summary>When they last signed in; null for never.</summary>
    public DateTimeOffset? LastSignIn { get; init; }

    /// <summary>A one-time link to choose a password, in the answer that made it and nowhere else; its fragment is a secret.</summary>
    public string? InvitationUrl { get; init; }

    /// <summary>When an open link is no longer taken; null when none is open.</summary>
    public DateTimeOffset? InvitationUntil { get; init; }
}

/// <summary>All users.</summary>
public sealed record UserList
{
    /// <summary>By name.</summary>
    public required IReadOnlyList<UserInfo> Users { get; init; }

    /// <summary>Where the next page begins, for <c>after</c>; null on the last.</summary>
    public string? NextAfter { get; init; }
}

/// <summary>Adds a user.</summary>
public sealed record UserAddRequest
{
    /// <summary>1 to 64 small letters, digits and <c>. _ - @ +</c>.</summary>
    public string? Name { get; init; }

    /// <summary><c>viewer</c>, <c>operator</c> or <c>administrator</c>.</summary>
    public string? Role { get; init; }

    /// <summary>The password; null for a one-time link to choose one.</summary>
    public string? Password { get; init; }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{nameof(UserAddRequest)} {{ {Name}, {Role} }}";
}

/// <summary>Sets a user's password, or makes a one-time link to choose one.</summary>
public sealed record UserPasswordRequest
{
    /// <summary>The password; null for a link.</summary>
    public string? Password { get; init; }

    /// <summary>Whether the second factor is removed as well.</summary>
    public bool RemoveSecondFactor { get; init; }

    /// <summary>Without the password.</summary>
    public override string ToString() => nameof(UserPasswordRequest);
}

/// <summary>Gives a user another role.</summary>
public sealed record UserRoleRequest
{
    /// <summary><c>viewer</c>, <c>operator</c> or <c>administrator</c>.</summary>
    public string? Role { get; init; }
}
