using Xunit;

namespace Tandem.Tests;

public sealed class FingerprintTests
{
    /// <summary>
    /// Known answers, each from <c>printf 'tandem-fingerprint%s%s' SID TOKEN | sha256sum | cut -c1-4</c>: anyone can compute
    /// the fingerprint of a token they hold.
    /// </summary>
    [Theory]
    [InlineData("AC0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef", "280b")]
    [InlineData("ACffffffffffffffffffffffffffffffff", "ffffffffffffffffffffffffffffffff", "3726")]
    [InlineData("AC00000000000000000000000000000000", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef", "8020")]
    public void It_is_the_beginning_of_a_plain_hash(string sid, string token, string expected)
    {
        using var parsed = Some.Token(token);

        Assert.Equal(expected, Fingerprint.Of(AccountSid.Parse(sid), parsed).ToString());
    }

    [Fact]
    public void It_always_has_four_digits() => Assert.Equal("000a", new Fingerprint(10).ToString());

    [Fact]
    public void The_same_token_of_another_account_has_another_one()
    {
        using var token = Some.Token("0123456789abcdef0123456789abcdef");

        Assert.NotEqual(Fingerprint.Of(Some.Sid, token), Fingerprint.Of(Some.OtherSid, token));
    }
}
