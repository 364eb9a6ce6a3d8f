namespace Tandem.Cli.Claims;

/// <summary>What a trial of a claim came to.</summary>
/// <param name="Holds">Whether nothing was found against it.</param>
/// <param name="Figure">What was done and counted, or what was found.</param>
internal sealed record TrialResult(bool Holds, string Figure)
{
    /// <summary>It holds when nothing was found against it.</summary>
    public static TrialResult Of(IEnumerable<string> against, string figure) =>
        against.FirstOrDefault() is { } found ? new(false, $"{found}; {figure}") : new(true, figure);
}

/// <summary>A claim that was tried, as <c>-o json</c> shows it.</summary>
internal sealed record ClaimInfo(string Claim, string Trial, bool Holds, string Figure, double Seconds);

/// <summary>Something that Tandem promises, and a small trial of it on this machine.</summary>
/// <param name="Text">The promise.</param>
/// <param name="Trial">What the trial does.</param>
/// <param name="TryAsync">Does it.</param>
internal sealed record Claim(string Text, string Trial, Func<CancellationToken, Task<TrialResult>> TryAsync)
{
    /// <summary>All that are tried here, in the order of <c>docs/claims.md</c>. What takes a fault in the disk or more than a minute is tried by <c>./test faults --long</c>.</summary>
    public static IReadOnlyList<Claim> All { get; } =
    [
        new("No valid credential is refused during a rotation, and no retired one accepted once the answer is out", "four accounts rotate on and on while their tokens, dead and alive, are checked", RotationClaims.UnderLoadAsync),
        new("Nothing acknowledged is lost, and nothing retired comes back, when the process is killed", "the same with the server killed fifteen times", RotationClaims.UnderKillsAsync),
        new("Changing the root key refuses nobody, and the former key opens nothing afterwards", "the same with the key changed five times", RotationClaims.UnderKeyChangesAsync),
        new("Whoever loses an answer still has a working credential, and learns the outcome in one call", "the connection is cut before the answer to a promote", RotationClaims.LostAnswersAsync),
        new("The right token is never throttled, whoever guesses", "three thousand wrong tokens for one account, from its own address", RotationClaims.GuessesAsync),
        new("No byte of a retired token is left in any file", "after every promote and delete all files are searched: text, UTF-16, bytes, base64", ResidueClaims.FilesAsync),
        new("No token is in a log", "a server that logs everything it can, and the same search in what it printed", ResidueClaims.LogAsync),
        new("The files alone hold no token, and open with no other key", "a copy of a running server's files is searched, and started with a key that is not its own", ResidueClaims.StolenFilesAsync),
        new("A backup under load is whole, and holds nothing that was retired before it", "backups while accounts rotate, each restored, its audit trail computed again, and searched", CopyClaims.BackupsAsync),
        new("An older copy of the database does not start unnoticed", "a backup is put into the place of a database that retired tokens since", CopyClaims.OlderCopyAsync),
        new("An altered entry of the audit is named", "one bit of an entry is turned over in the file, of one after the other", CopyClaims.AlteredAuditAsync),
    ];
}
