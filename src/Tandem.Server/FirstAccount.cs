using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Tandem.Storage;

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
/// No crash leaves an account whose token nobody holds. The file comes first: it is durable before the account is, and the account is made of the
/// pair in the file. A crash between the two leaves a file without its account, and the next start makes it. At the other end the account comes
/// first: the token is retired, then the file is erased, then the call is answered. A crash between those leaves a file with a dead token, which
/// the next start erases before it listens. After the first start nothing that lies in the file's place stops the server: what cannot be read or
/// erased is left where it is, named in the log, and an alarm. File work never runs on the store's thread: the call that retires the token waits
/// for it, two seconds at most, and other changes do not.
/// </remarks>
public sealed partial class FirstAccount
{
    private static readonly ChangeContext s_context = new("start", "first-start");

    /// <summary>The file has two short lines; people may add comments.</summary>
    private const int SizeLimit = 4096;

    /// <summary>How long the call that retires the token waits for the file; then it is answered with the alarm up.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new(); // never held during file work
    private AccountSid? _sid;
    private Verifier? _verifier;
    private Task _work = Task.CompletedTask;
    private bool _working;
    private bool _again;
    private bool _left;

    internal FirstAccount(string path, ILogger logger, TimeProvider time) => (_path, _logger, _time) = (path, new HarmlessLogger(logger), time);

    /// <summary>Whether the file is there and holds the token of an account.</summary>
    public bool FileExists
    {
        get
        {
            lock (_lock)
            {
                return _sid is not null;
            }
        }
    }

    /// <summary>
    /// An alarm: something lies in the place of the file that cannot be read, or holds a retired token and cannot be erased. It is tried again at
    /// each retirement and start.
    /// </summary>
    public bool FileLeft
    {
        get
        {
            lock (_lock)
            {
                return _left;
            }
        }
    }

    /// <summary>Brings store, file and the account to be imported into accord, before the server listens.</summary>
    /// <returns>A warning for the operator; null when there is none.</returns>
    /// <exception cref="StartException">The first account can be neither read nor stored.</exception>
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
            using var first = DurableFile.IsTaken(_path) ? ReadFirst() : CreateFile();
            Require(first.Sid, await lifecycle.CreateFirstAsync(Caller.Operator("start"), first.Sid, first.Token, s_context));
        }

        Settle();
        return warning;
    }

    /// <summary>
    /// The store's hook: called after a change that retired a token. What it answers ends within two seconds, and never fails; the change is
    /// answered then. Only a change of the file's own account waits.
    /// </summary>
    internal Task Retired(Account account)
    {
        lock (_lock)
        {
            var isOwn = account.Sid == _sid;
            if (!isOwn && !_left)
            {
                return Task.CompletedTask;
            }

            _again = true; // also for work under way, which may have looked at the token before it was retired
            if (!_working)
            {
                _working = true;
                _work = Task.Run(SettleWhileAsked);
            }

            return isOwn ? WaitAsync(_work) : Task.CompletedTask;
        }
    }

    private async Task WaitAsync(Task work)
    {
        try
        {
            await work.WaitAsync(s_patience, _time);
        }
        catch (TimeoutException)
        {
            Leave("the file system did not answer in time");
        }
    }

    private void SettleWhileAsked()
    {
        while (true)
        {
            lock (_lock)
            {
                if (!_again)
                {
                    _working = false;
                    return;
                }

                _again = false;
            }

            Settle();
        }
    }

    /// <summary>Erases the file if its token was retired. Never throws: the token is dead whatever becomes of the file.</summary>
    private void Settle()
    {
        try
        {
            AccountSid? sid = null;
            if (DurableFile.IsTaken(_path))
            {
                using var written = Read();
                if (IsLive(_verifier!, written.Sid, written.Token))
                {
                    sid = written.Sid;
                }
                else
                {
                    DurableFile.Erase(_path);
                }
            }

            lock (_lock)
            {
                (_sid, _left) = (sid, false);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Leave(e.Message);
        }
    }

    private void Leave(string reason)
    {
        bool before;
        lock (_lock)
        {
            (before, _left) = (_left, true);
        }

        if (!before)
        {
            LogLeft(_logger, _path, reason.TrimEnd('.'));
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

    /// <summary>At the first start nothing is overwritten: what lies there may be somebody's only copy of a token.</summary>
    private Pair ReadFirst()
    {
        try
        {
            return Read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The first account's SID and token were to be written to {_path}, but something else lies there: {e.Message.TrimEnd('.')}. "
                + "The server did not start and changed nothing. Move it out of the data directory, then start again.",
                e);
        }
    }

    private Pair Read()
    {
        var text = DurableFile.ReadSmall(_path, SizeLimit);
        try
        {
            return TryParse(text, out var pair) ? pair
                : throw new IOException("It does not hold TWILIO_ACCOUNT_SID= and TWILIO_AUTH_TOKEN= with an Account SID and a token.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "first_account_file_left: {Path} cannot be read or erased ({Reason}), and was left as it is. "
        + "A token in it that was retired is refused. Look what it is, and remove it.")]
    private static partial void LogLeft(ILogger logger, string path, string reason);

    private sealed record Pair(AccountSid Sid, AuthToken Token) : IDisposable
    {
        public void Dispose() => Token.Dispose();
    }
}
