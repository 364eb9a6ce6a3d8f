using BenchmarkDotNet.Attributes;

namespace Tandem.Micro;

/// <summary>The index alone, asked for one account after the other.</summary>
public class Index
{
    private Sample _sample = null!;
    private int _next;
    private uint _second = 1;

    [Params(1_000, 1_000_000)]
    public int Accounts { get; set; }

    [GlobalSetup]
    public void Fill() => _sample = new(Accounts);

    [Benchmark]
    public long LookUp() => _sample.Index.TryGet(Next(), out var found) ? found.Generation : 0;

    [Benchmark]
    public void NoteUse() => _sample.Index.RecordUse(Next(), Slot.Primary, 1, _second++);

    private AccountSid Next() => _sample.Sids[_next = _next + 1 < Accounts ? _next + 1 : 0];
}
