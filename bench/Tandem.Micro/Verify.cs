using BenchmarkDotNet.Attributes;

namespace Tandem.Micro;

/// <summary>Asking whether a credential is valid: one HMAC, two look-ups, two comparisons, whatever the answer.</summary>
public class Verify
{
    private readonly AccountSid _unknown = AccountSid.Create();
    private Sample _sample = null!;
    private int _next;

    [Params(1_000, 1_000_000)]
    public int Accounts { get; set; }

    [GlobalSetup]
    public void Fill() => _sample = new(Accounts);

    [Benchmark]
    public Verdict Valid() => _sample.Verifier.Verify(Next(), Sample.TokenBytes);

    [Benchmark]
    public Verdict WrongToken() => _sample.Verifier.Verify(Next(), Sample.WrongToken);

    [Benchmark]
    public Verdict UnknownAccount() => _sample.Verifier.Verify(_unknown, Sample.TokenBytes);

    private AccountSid Next() => _sample.Sids[_next = _next + 1 < Accounts ? _next + 1 : 0];
}
