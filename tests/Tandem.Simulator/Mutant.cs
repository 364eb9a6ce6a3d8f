namespace Tandem.Simulator;

/// <summary>One fault put into the sources: a piece of text that is there once, and what stands in its place.</summary>
/// <param name="Name">What it lets happen.</param>
/// <param name="File">The source, below <c>src</c>.</param>
/// <param name="Find">The text.</param>
/// <param name="With">Its replacement.</param>
internal sealed record Mutant(string Name, string File, string Find, string With)
{
    private const string Account = "Tandem/Account.cs";
    private const string Caller = "Tandem/Caller.cs";
    private const string Index = "Tandem/VerifierIndex.cs";
    private const string Load = "Tandem.Storage/AccountLoad.cs";
    private const string Rotation = "Tandem/Rotation.cs";
    private const string Store = "Tandem.Storage/SqliteAccountStore.cs";
    private const string Verifier = "Tandem/Verifier.cs";
    private const string Writer = "Tandem.Storage/Writer.cs";

    /// <summary>All of them: the rules, who may, what is looked up, and the writer's order.</summary>
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new("A promote leaves the secondary", Account, "            Primary = Secondary with { Seal = seal },\n            Secondary = null,", "            Primary = Secondary with { Seal = seal },"),
        new("A promoted token stays readable", Account, "Primary = Secondary with { Seal = seal }", "Primary = Secondary"),
        new("A delete counts no generation", Account, "Secondary = null, PrimaryPausedUntil = null, Generation = Generation + 1", "Secondary = null, PrimaryPausedUntil = null"),
        new("A delete leaves the pause", Account, "Secondary = null, PrimaryPausedUntil = null,", "Secondary = null,"),
        new("A create throws the pending secondary away", Account, "        : Secondary is not null ? ErrorKind.SecondaryExists\n", ""),
        new("A closed account can be activated", Account, "(AccountStatus.Closed, _) => ErrorKind.AccountClosed,", ""),
        new("A pause needs no secondary", Account, "        : Secondary is null ? ErrorKind.NoSecondary\n        : this with { PrimaryPausedUntil = until };", "        : this with { PrimaryPausedUntil = until };"),
        new("A credential is not checked again in the transaction", Caller, "Verifier.Match(own, credential) is not { } slot", "(Verifier.Match(own, credential) ?? (Slot?)Slot.Primary) is not { } slot"),
        new("A stranger may act on another's account", Caller, "account.OwnerSid == own.Sid ? ErrorKind.None", "own.Sid == own.Sid ? ErrorKind.None"),
        new("A suspended account may rotate", Caller, "account.Status == AccountStatus.Active\n", "account.Status != AccountStatus.Closed\n"),
        new("A promote takes whatever is there", Rotation, "if (intent.Generation is { } seen && account.Generation != seen)", "if (intent.Generation is { } seen && account.Generation < seen)"),
        new("The guard cannot be forced", Rotation, "if (guarded && !intent.Force)", "if (guarded)"),
        new("The guard is not asked", Rotation, "if (guarded && !intent.Force)", "if (guarded && intent.Generation is not null && !intent.Force)"),
        new("A secondary is sealed under nobody's token", Rotation, "role == CallerRole.SelfByPrimary ? SealKind.UnderPrimary", "role == CallerRole.SelfBySecondary ? SealKind.UnderPrimary"),
        new("A subaccount outlives its suspended parent", Verifier, " & ownerKnown & owner.Status == AccountStatus.Active", ""),
        new("Either token is called the primary", Verifier, "inPrimary ? Slot.Primary : Slot.Secondary, account.Generation", "Slot.Primary, account.Generation"),
        new("A pause refuses the secondary", Verifier, "inPrimary ? account.PrimaryPausedUntil : 0", "inSecondary ? account.PrimaryPausedUntil : 0"),
        new("The index keeps what it held of a secondary", Index, "(_secondaryHigh, _secondaryLow) = state.Secondary;", ""),
        new("A promoted token loses its last use", Index, "state.Primary == (_secondaryHigh, _secondaryLow) ? SecondaryLastUse : 0", "0"),
        new("After a start nobody has a parent", Load, "marks.HasFlag(Marks.Subaccount) ? row.Sid(2) : sid", "sid"),
        new("A start forgets the secondaries", Load, "SecondaryVerifier = marks.HasFlag(Marks.Secondary) ?", "SecondaryVerifier = marks.HasFlag(Marks.Paused) ?"),
        new("A start goes on with the pauses", Store, "if (load.HasPauses)", "if (load.HasPauses && options.RecoverableTokens)"),
        new("A change is answered and not kept", Writer, "            transaction.Commit(); // through the transaction object", "            if (head.Epoch % 16 == 0) transaction.Rollback(); else transaction.Commit(); // "),
        new("The index misses a change", Writer, "_index.Apply(committed.After, committed.Head.Epoch);", "if (committed.Head.Epoch % 16 != 0) _index.Apply(committed.After, committed.Head.Epoch);"),
        new("A retired token's bytes stay in the log", Writer, "            _erasure.After(retirement); // raises", "            _erasure.After(null); // raises"),
    ];

    public override string ToString() => Name;
}
