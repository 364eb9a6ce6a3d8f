using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Tandem.Server;

/// <summary>An account whose SID and token its consumers hold already, to be taken over at the start.</summary>
/// <param name="Sid">Its SID.</param>
/// <param name="Token">Its token; becomes the primary.</param>
public sealed record BootstrapAccount(AccountSid Sid, AuthToken Token);

/// <summary>
/// The account that a new store begins with, and <c>first-account.env</c>, the one plaintext: SID and token of that account, until the
/// call that retires the token.
/// </summary>
/// <remarks>
/// No crash leaves an account whose token nobody holds. The file comes first: it is durable before the account is, and the account is
/// made of the pair in the file. A crash between the two leaves a file without its account, and the next start makes it.
/// At the other end the account comes first: the token is retired, then the file is erased, then the call is answered. A crash between
/// those leaves a file with a dead token, which the next start erases before it listens.
/// </remarks>
public sealed partial class FirstAccount
{
    private static readonly ChangeContext s_context = new("start", "first-start");

    private readonly string _path;
    private readonly ILogger _logger;
    private AccountSid? _sid;
    private Verifier? _verifier;

    internal FirstAccount(string path, ILogger logger) => (_path, _logger) = (path, logger);

    /// <summary>Whether the file is there.</summary>
    public bool FileExists => File.Exists(_path);

    /// <summary>An alarm: the file holds a retired token and could not be erased. It is tried again at each retirement and start.</summary>
    public bool FileLeft { get; private set; }

    /// <summary>Brings store, file and the account to be imported into accord, before the server listens.</summary>
    /// <returns>A warning for the operator; null when there is none.</returns>
    /// <exception cref="StartException">The account can be neither read nor stored.</exception>
    internal async Task<string?> SettleAsync(IAccountStore store, bool isEmpty, Verifier verifier, AccountLifecycle lifecycle, BootstrapAccount? import)
    {
        _verifier = verifier;
        string? warning = null;
        if (import is not null)
        {
            warning = await ImportAsync(store, verifier, lifecycle, import);
        }
        else if (isEmpty)
        {
            using var first = ReadFile() ?? CreateFile();
            Require(first.Sid, await lifecycle.CreateFirstAsync(Caller.Operator("start"), first.Sid, first.Token, s_context));
        }

        using var written = FileExists ? ReadFile() : null;
        _sid = written?.Sid;
        EraseIfRetired(written);
        return warning;
    }

    /// <summary>The store's hook: called after a change that retired a token, before it is answered.</summary>
    internal void Retired(Account account)
    {
        if ((account.Sid != _sid && !FileLeft) || !FileExists)
        {
            return;
        }

        try
        {
            using var written = ReadFile();
            EraseIfRetired(written);
        }
        catch (StartException e)
        {
            // Somebody has edited it. What cannot be read cannot be judged, so it stays and is named.
            FileLeft = true;
            LogLeft(_logger, _path, e.Message);
        }
    }

    /// <summary>The line end of the file is written last, and the file appears whole or not at all.</summary>
    private static byte[] Text(AccountSid sid, AuthToken token) =>
        Encoding.ASCII.GetBytes($"TWILIO_ACCOUNT_SID={sid}\nTWILIO_AUTH_TOKEN={token.Reveal()}\n");

    private static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out Pair? pair)
    {
        pair = Value(text, "TWILIO_ACCOUNT_SID="u8, AccountSid.TextLength, out var sidText)
            && Value(text, "TWILIO_AUTH_TOKEN="u8, AuthToken.Length, out var tokenText)
            && AccountSid.TryParse(sidText, out var sid)
            && AuthToken.TryParse(tokenText, out var token) ? new(sid, token) : null;
        return pair is not null;
    }

    private static bool Value(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name, int length, out ReadOnlySpan<byte> value)
    {
        var at = text.IndexOf(name);
        value = at >= 0 && text.Length >= at + name.Length + length ? text.Slice(at + name.Length, length) : default;
        return !value.IsEmpty;
    }

    private static async Task<string?> ImportAsync(IAccountStore store, Verifier verifier, AccountLifecycle lifecycle, BootstrapAccount import)
    {
        if (await store.FindAsync(import.Sid) is null)
        {
            Require(import.Sid, await lifecycle.ImportAsync(Caller.Operator("start"), import.Sid, import.Token, null, s_context));
            return null;
        }

        // A server must start again after its account's token has been rotated, so an outdated pair is no reason to stop.
        return IsLive(verifier, import.Sid, import.Token) ? null
            : $"The account {import.Sid} exists, and the token in TANDEM_BOOTSTRAP_AUTH_TOKEN(_FILE) is not valid for it (any more). It was ignored: an import never replaces a token. Remove both TANDEM_BOOTSTRAP settings.";
    }

    private static void Require(AccountSid sid, Outcome<AccountCreated> outcome)
    {
        if (outcome.Error != ErrorKind.None)
        {
            throw new StartException($"The account {sid} could not be stored ({outcome.Error}). The server did not start and changed nothing. Is the disk full? Then start again.");
        }
    }

    /// <summary>Whether the token has not been retired. A suspended account's token has not: activating restores it.</summary>
    private static bool IsLive(Verifier verifier, AccountSid sid, AuthToken token)
    {
        var ascii = Encoding.ASCII.GetBytes(token.Reveal());
        var verdict = verifier.Verify(sid, ascii);
        CryptographicOperations.ZeroMemory(ascii);
        return verdict.IsValid || verdict.Reason == RefusalReason.Suspended;
    }

    private Pair CreateFile()
    {
        var pair = new Pair(AccountSid.Create(), AuthToken.Generate());
        var text = Text(pair.Sid, pair.Token);
        var written = DurableFile.TryCreate(_path, text);
        CryptographicOperations.ZeroMemory(text);
        return written ? pair : throw new StartException($"{_path} appeared while the server was starting. Nothing was changed; start again.");
    }

    private Pair? ReadFile()
    {
        if (!FileExists)
        {
            return null;
        }

        var text = File.ReadAllBytes(_path);
        try
        {
            return TryParse(text, out var pair) ? pair
                : throw new StartException($"{_path} does not hold the two lines TWILIO_ACCOUNT_SID= and TWILIO_AUTH_TOKEN= with an Account SID and a token of 32 characters. Move it out of the data directory, then start again.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private void EraseIfRetired(Pair? written)
    {
        if (written is null || IsLive(_verifier!, written.Sid, written.Token))
        {
            return;
        }

        try
        {
            DurableFile.Erase(_path);
            FileLeft = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The token is dead whatever becomes of the file, so the answer stays a success, with an alarm.
            FileLeft = true;
            LogLeft(_logger, _path, e.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "first_account_file_left: {Path} holds a retired token and could not be erased ({Reason}). The token is refused all the same. Remove the file.")]
    private static partial void LogLeft(ILogger logger, string path, string reason);

    private sealed record Pair(AccountSid Sid, AuthToken Token) : IDisposable
    {
        public void Dispose() => Token.Dispose();
    }
}
