namespace Tandem.Server.People;

/// <summary>
/// The one-time link that makes the first administrator. It lives in this process alone: a restart voids it, a newer one voids the one before,
/// and so does the first user. Once there is a user there is none; the way back then is <c>tandem user</c> on the server's machine.
/// </summary>
internal sealed class SetupLink(IUserStore users, TimeProvider time)
{
    /// <summary>How long it is taken.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromMinutes(30);

    private readonly Lock _lock = new();
    private Invitation? _open;

    /// <summary>Makes a new link's secret; null when there is a user already.</summary>
    public async Task<string?> CreateAsync()
    {
        if ((await users.ListUsersAsync()).Count > 0)
        {
            return null;
        }

        var secret = OneTimeSecret.Create();
        lock (_lock)
        {
            _open = new(OneTimeSecret.Hash(secret), time.GetSteadyNow() + Lasts);
        }

        return secret;
    }

    /// <summary>Whether it is the link's secret, and in time. That there is no user yet is found out where the first one is added.</summary>
    public bool Matches(string secret)
    {
        lock (_lock)
        {
            return _open is { } open && time.GetSteadyNow() < open.Until
                && string.Equals(open.Hash, OneTimeSecret.Hash(secret), StringComparison.Ordinal); // hashes: nothing is learnt from how far they agree
        }
    }

    /// <summary>Voids it.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _open = null;
        }
    }
}
