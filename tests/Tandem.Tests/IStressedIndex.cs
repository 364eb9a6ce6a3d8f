namespace Tandem.Tests;

/// <summary>What the stress tests call: the index itself, and its broken copies (IndexMutants.targets).</summary>
internal interface IStressedIndex
{
    void Apply(Account account, long epoch);

    bool TryGet(AccountSid sid, out IndexEntry found);

    void RecordUse(AccountSid sid, Slot slot, long generation, uint second);
}

/// <summary>The index as it is shipped.</summary>
internal sealed class ShippedIndex(int expectedAccounts) : IStressedIndex
{
    private readonly VerifierIndex _index = new(expectedAccounts);

    public void Apply(Account account, long epoch) => _index.Apply(account, epoch);

    public bool TryGet(AccountSid sid, out IndexEntry found) => _index.TryGet(sid, out found);

    public void RecordUse(AccountSid sid, Slot slot, long generation, uint second) => _index.RecordUse(sid, slot, generation, second);
}
