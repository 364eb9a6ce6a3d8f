using System.Text;
using Tandem.Server.People;
using Xunit;

namespace Tandem.Server.Tests.People;

public sealed class TotpTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890");

    /// <summary>RFC 6238, appendix B, for SHA-1; the RFC prints eight digits, of which the last six are the six-digit code.</summary>
    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1111111109, "07081804")]
    [InlineData(1111111111, "14050471")]
    [InlineData(1234567890, "89005924")]
    [InlineData(2000000000, "69279037")]
    [InlineData(20000000000, "65353130")]
    public void Codes_are_those_of_the_RFC(long second, string code) =>
        Assert.Equal(code[2..], Totp.CodeOf(Secret, Totp.StepOf(DateTimeOffset.FromUnixTimeSeconds(second))));

    /// <summary>RFC 4648, section 10, without the padding.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Secrets_are_typed_in_base32(string text, string base32) => Assert.Equal(base32, Totp.ToBase32(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData(-60, false)]
    [InlineData(-30, true)]
    [InlineData(0, true)]
    [InlineData(30, true)]
    [InlineData(60, false)]
    public void A_clock_may_be_half_a_minute_off(int seconds, bool isTaken)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
        var code = Totp.CodeOf(Secret, Totp.StepOf(now.AddSeconds(seconds)));
        Assert.Equal(isTaken, Totp.Match(Secret, code, now, after: 0) != 0);
    }

    [Fact]
    public void No_code_is_taken_twice_nor_one_from_before()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
        var step = Totp.Match(Secret, Totp.CodeOf(Secret, Totp.StepOf(now)), now, after: 0);
        Assert.Equal(Totp.StepOf(now), step);
        Assert.Equal(0, Totp.Match(Secret, Totp.CodeOf(Secret, step), now, after: step));
        Assert.Equal(0, Totp.Match(Secret, Totp.CodeOf(Secret, step - 1), now, after: step));
        Assert.Equal(step + 1, Totp.Match(Secret, Totp.CodeOf(Secret, step + 1), now, after: step));
        Assert.Equal(0, Totp.Match(Secret, "", now, after: 0));
    }

    [Fact]
    public void Apps_are_told_whose_it_is_and_how_it_counts() => Assert.Equal(
        "otpauth://totp/Tandem%20tandem.example%3Aada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tandem%20tandem.example&algorithm=SHA1&digits=6&period=30",
        Totp.Uri(Secret, "ada@example.com", "Tandem tandem.example"));
}
