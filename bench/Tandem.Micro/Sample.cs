using System.Security.Cryptography;
using System.Text;

namespace Tandem.Micro;

/// <summary>An index with many accounts, their tokens, and what a client of each would send.</summary>
internal sealed class Sample
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    public Sample(int accounts)
    {
        Index = new(accounts);
        Verifier = new(Index, Keys);
        Sids = new AccountSid[accounts];
        using var token = AuthToken.TryParse(Token, out var parsed) ? parsed : throw new InvalidOperationException("No token.");
        for (var i = 0; i < accounts; i++)
        {
            var sid = Sids[i] = AccountSid.Create();
            Index.Apply(sid, new() { OwnerSid = sid, Status = AccountStatus.Active, Generation = 1, Epoch = 1, PrimaryVerifier = Verifier.Hash(sid, token) });
        }
    }

    public DataKeys Keys { get; } = new(Enum.GetValues<DataKeyPurpose>().Select(p => DataKey.Generate((long)p, p)));

    public VerifierIndex Index { get; }

    public Verifier Verifier { get; }

    /// <summary>In an order that has nothing to do with their places in the index: SIDs are random.</summary>
    public AccountSid[] Sids { get; }

    /// <summary>The token of every account.</summary>
    public static byte[] TokenBytes { get; } = Encoding.ASCII.GetBytes(Token);

    /// <summary>A token of none.</summary>
    public static byte[] WrongToken { get; } = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));

    public static string Header(AccountSid sid) => "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{sid}:{Token}"));
}
